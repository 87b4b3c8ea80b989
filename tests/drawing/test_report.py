"""The report: complete, self-contained, and alive in a browser."""

import os
import re
import shutil
import signal
import subprocess
import threading
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue

import pytest

import grainpaint
from grainpaint import InputError, Microstructure
from grainpaint.drawing.report import report, write_report
from grainpaint.measure.comparison import compare
from grainpaint.measure.descriptors import DESCRIPTORS, descriptors_of
from grainpaint.measure.measured import measure
from grainpaint.segmentation.pieces import label_pieces
from grainpaint.simulate.iso.isotropic import isotropic


@pytest.fixture(scope="module")
def volumes():
    whole = [isotropic((32, 32, 32), time=15, seed=s) for s in range(4)]
    return [Microstructure(label_pieces(v.grain_id), (2.0,) * 3) for v in whole]


@pytest.fixture(scope="module")
def sets(volumes):
    members = [measure(v) for v in volumes]
    return members[:2], members[2:]


@pytest.fixture(scope="module")
def page(volumes, sets, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    with pytest.MonkeyPatch.context() as patch:  # the numbers are not the matter
        patch.setattr("grainpaint.measure.floors._N_BOOTSTRAP", 4)
        patch.setattr("grainpaint.measure.floors._N_FLOOR", 4)
        result = compare(*sets)
    write_report(path, sets, [volumes[0], volumes[2]], result)
    return path


class Links(HTMLParser):
    """Collects what a page refers to, and whether its tags are closed."""

    VOID = ("meta", "img", "br", "hr", "link", "input")

    def __init__(self):
        super().__init__()
        self.links, self.open, self.pages = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "data", "poster", "action"):
                self.links.append(value)
            if name == "srcdoc":
                self.pages.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_report_names_every_descriptor_and_links_to_nothing(page):
    text = page.read_text(encoding="utf-8")
    links = Links()
    links.feed(text)
    assert links.open == []
    assert len(links.pages) == 2
    assert all(link.startswith("data:image/svg+xml;base64,") for link in links.links)
    assert not re.search(r"@import|url\(", text)
    for descriptor in DESCRIPTORS.values():
        assert descriptor.title in text
    assert text.index("Verdict") < text.index("Densities") < text.index("Slices")


def test_a_report_of_one_set_has_no_verdict(tmp_path, volumes, sets, no_densities):
    path = tmp_path / "one.html"
    write_report(path, sets[:1], volumes[:1])
    text = path.read_text(encoding="utf-8")
    assert "Verdict" not in text
    assert "Mean grain volume" in text


def test_the_front_door_reads_measures_compares_and_writes(
    tmp_path, volumes, few_draws, no_densities
):
    for i, volume in enumerate(volumes[2:]):
        volume.save(tmp_path / f"{i}.npz")
    path = report(tmp_path / "r.html", volumes[:2], tmp_path / "*.npz", title="Mine")
    text = path.read_text(encoding="utf-8")
    assert "<h1>Mine</h1>" in text
    assert "2 generated volumes" in text
    assert "2 reference volumes" in text
    with pytest.raises(InputError, match="no volume"):
        report(tmp_path / "none.html", [])


PROBE = """
<script>
const tell = found => fetch('http://127.0.0.1:PORT/', {method: 'POST', body: found});
addEventListener('error', e => tell('failed: ' + e.message));
addEventListener('unhandledrejection', e => tell('failed: ' + e.reason));
async function until(found) {  // what is asked for is there
  for (;;) {
    const thing = await found();
    if (thing) return thing;
    await new Promise(done => setTimeout(done, 50));
  }
}
async function colors(view) {
  const canvas = await view.getScreenshot(1);
  const {width, height} = canvas;
  const flat = document.createElement('canvas');
  [flat.width, flat.height] = [width, height];
  flat.getContext('2d').drawImage(canvas, 0, 0);
  const data = flat.getContext('2d').getImageData(0, 0, width, height).data;
  const seen = new Set();
  for (let i = 0; i < data.length; i += 4)
    seen.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
  return seen.size;
}
addEventListener('load', async () => {
  for (const frame of document.querySelectorAll('iframe')) {
    const view = await until(() => frame.contentWindow.K3DInstance);
    await until(async () => await colors(view) > 100);  // an empty view has a few
  }
  console.log('drawn');
  tell('drawn');
});
</script></body>"""


@contextmanager
def told():
    """Yield a port, and a queue of what pages post to it."""
    said = Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self):
            said.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], said
        server.shutdown()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_the_report_opens_in_a_browser_without_errors_and_draws_3d(page, tmp_path):
    """Ask each view for its picture until there are many colors in it."""
    copy, log = tmp_path / "probed.html", tmp_path / "log"
    text = page.read_text(encoding="utf-8")
    assert text.count("<iframe") == 2
    words = [
        *("chromium", "--headless", "--no-sandbox", "--disable-gpu"),
        *("--enable-unsafe-swiftshader", "--enable-logging=stderr"),
        *(f"--user-data-dir={tmp_path / 'profile'}", copy.as_uri()),
    ]
    with told() as (port, said), log.open("w") as file:
        copy.write_text(text.replace("</body>", PROBE.replace("PORT", str(port))))
        browser = subprocess.Popen(words, stderr=file, start_new_session=True)
        try:
            assert said.get(timeout=60) == "drawn"
        finally:
            os.killpg(browser.pid, signal.SIGKILL)
            browser.wait()
    console = [line for line in log.read_text().splitlines() if "CONSOLE" in line]
    assert console, "the log of the page is missing"
    assert not [line for line in console if "rror" in line]


def test_a_report_of_sections_is_flat(tmp_path, few_draws, no_densities):
    grown = [isotropic((32, 40, 1), time=8, seed=s, lattice="sq/8n") for s in (1, 2)]
    ids = [label_pieces(v.grain_id, corners=True).transpose(0, 2, 1) for v in grown]
    shown = [Microstructure(one) for one in ids]
    sets = [[measure(v)] for v in shown]
    path = tmp_path / "two.html"
    write_report(path, sets, shown, compare(*sets))
    text = path.read_text(encoding="utf-8")
    assert "Measured as a section of 32 x 40 voxels: circles, areas" in text
    for descriptor in descriptors_of((32, 1, 40)).values():
        assert descriptor.title in text
    for word in ("In three dimensions", "Aspect ratios", "Sphericity", "<iframe"):
        assert word not in text
    assert "Without border grains" in text
    assert "Triple points per area" in text
    write_report(path, sets[:1], shown[:1])
    text = path.read_text(encoding="utf-8")
    assert "Measured as a section of 32 x 40 voxels: circles, areas" in text


@pytest.mark.slow
def test_a_report_shows_textures_only_where_grains_have_orientations(
    tmp_path, volumes, sets, no_densities
):
    path = tmp_path / "texture.html"
    write_report(path, sets[:1], volumes[:1])
    assert "Texture" not in path.read_text(encoding="utf-8")
    sharp = grainpaint.orient(volumes[0], "component:goss,5deg")
    write_report(path, [[measure(sharp)]], [sharp])
    text = path.read_text(encoding="utf-8")
    assert "Texture: phase1 (432), generated" in text
    assert "Colors show the crystal direction along z." in text
    index = re.search(r"<td>generated</td><td>([\d.]+)</td>", text)
    assert float(index[1]) > 5
    other = grainpaint.orient(volumes[2], symmetry="2")
    write_report(path, [[measure(other)]], [other])
    text = path.read_text(encoding="utf-8")
    assert "No pole figures: in 2 poles depend on the unit cell" in text
    assert "Colors show the crystal direction along z." in text


def test_a_comparison_with_orientations_has_their_verdicts(
    tmp_path, few_draws, no_densities
):
    grown = [isotropic((20, 20, 20), time=10, seed=s).grain_id for s in (1, 2)]
    volumes = [Microstructure(label_pieces(ids), (2.0,) * 3) for ids in grown]
    shown = [grainpaint.orient(volume) for volume in volumes]
    report(tmp_path / "a.html", shown[0], shown[1])
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Disorientation across boundaries" in text
    assert "Kernel average misorientation" in text
    assert "Texture of phase1 (432):" in text
    assert "Texture: phase1 (432)<" in text
    report(tmp_path / "b.html", shown[0], volumes[1])
    text = (tmp_path / "b.html").read_text(encoding="utf-8")
    assert "Orientations are not compared: only the generated set" in text
    assert "Kernel average misorientation" not in text
    assert "Texture: phase1 (432), generated<" in text
