"""What a plan says of workers, against counts of the tasks of the run itself."""

import pytest

from grainpaint.cli.batch import idle_note
from grainpaint.generation.domain import Domain
from grainpaint.generation.forecast import Timing, forecast
from grainpaint.generation.recipe import Options, make_recipe
from grainpaint.generation.tasks import find_tasks, generation_tasks
from grainpaint.store import create

TIMING = Timing(1e-4, 1e-5)


@pytest.mark.parametrize("window", [None, 128])
def test_workers_are_counted_by_the_tasks_of_both_stages(window, tmp_path):
    options = Options() if window is None else Options(window=window)
    recipe = make_recipe(Domain((512, 512, 512)), options, seed=1)
    settings = recipe.model_dump(mode="json")
    path = tmp_path / "a.zarr"
    store = create(path, recipe.shape, (1.0,) * 3, recipe.origin, settings)
    todo = generation_tasks(find_tasks(recipe), recipe, store, set())
    of_base = [task for task in todo if task.call[0] == "base"]
    told = forecast(recipe, TIMING)
    assert told.n_base_windows == len(of_base)
    assert told.n_growth_tasks == len(todo) - len(of_base)
    assert told.n_workers == (4 if window is None else 64)


def test_the_time_of_a_plan_counts_workers_that_wait():
    """512^3 by default: four windows of the base, two of growth."""
    recipe = make_recipe(Domain((512, 512, 512)), Options(), seed=1)
    told = forecast(recipe, TIMING)
    rest = told.core_seconds - told.base_seconds - told.growth_seconds
    assert told.elapsed_seconds(1) == pytest.approx(told.core_seconds)
    both = told.base_seconds / 4 + told.growth_seconds / 2
    assert told.elapsed_seconds(4) == pytest.approx(both + rest / 4)
    assert told.elapsed_seconds(3) == pytest.approx(
        told.base_seconds / 2 + told.growth_seconds / 2 + rest / 64 * 22
    )
    assert idle_note(told, 2) is None
    note = idle_note(told, 4)
    assert note is not None
    assert note.startswith("growth has work for 2 of 4 workers")
    assert "--window" in note
    assert "--window" not in (idle_note(told, 4, finer=False) or "--window")
