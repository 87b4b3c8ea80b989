"""Colors of the sites in an image."""

import numpy as np

from grainpaint.simulate.spparks.image_request import ColorMap, ImageRequest
from grainpaint.simulate.spparks.script.colors import default_colors

__all__ = ["site_colors", "site_sizes"]


def _within(values: np.ndarray, ends: tuple[int, int], wraps: bool) -> np.ndarray:
    """Return values - low, kept in a range or started over beyond it."""
    low, high = ends
    above: np.ndarray = (
        (values - low) % (high - low + 1) if wraps else np.clip(values, low, high) - low
    )
    return above


def site_colors(
    values: np.ndarray, image: ImageRequest
) -> tuple[np.ndarray, np.ndarray]:
    """Return the colors of values: a table, and which row each value has.

    Parameters
    ----------
    values : numpy.ndarray, any shape
    image : ImageRequest

    Returns
    -------
    table : numpy.ndarray, float, shape (n, 3)
        Red, green, blue in 0..1.
    row : numpy.ndarray, integer, shape of `values`
    """
    if values.dtype.kind not in "iu" or image.color_range is None:
        return _mapped(values, image.color_map)
    different, place = np.unique(values, return_inverse=True)
    index = _within(different, image.color_range, image.wrap_colors)
    if image.random_colors:
        n = image.color_range[1] - image.color_range[0] + 1
        table = np.random.default_rng(12345).random((n, 3))[index]
    else:
        defaults = np.array(default_colors())
        table = defaults[index % len(defaults)]
    value = index + image.color_range[0]
    for low, high, colors in image.painted:
        chosen = (low <= value) & (value <= high)
        table[chosen] = np.array(colors)[(value[chosen] - low) % len(colors)]
    return table, place.reshape(values.shape)


def _mapped(values: np.ndarray, found: ColorMap) -> tuple[np.ndarray, np.ndarray]:
    """Return the colors of numbers by a map, as in `site_colors`."""
    different, place = np.unique(values, return_inverse=True)
    low = float(different[0]) if found.low is None else found.low
    high = float(different[-1]) if found.high is None else found.high
    clipped = np.clip(different.astype(float), low, high)
    ends = (low, high)
    if found.fractional:
        clipped = (clipped - low) / (high - low) if high > low else 0.0 * clipped
        ends = (0.0, 1.0)
    colors = np.array([color for _, _, color in found.entries])
    n = len(colors)
    if found.style == "c":
        marks = [ends[0 if i == 0 else 1] if a is None else a
                 for i, (a, _, _) in enumerate(found.entries)]  # fmt: skip
        table = np.stack([np.interp(clipped, marks, c) for c in colors.T], axis=1)
    elif found.style == "s":
        table = colors[((clipped - ends[0]) / found.step).astype(np.int64) % n]
    else:
        chosen = np.full(len(clipped), n - 1)
        for i in range(n - 1, -1, -1):  # the first that fits
            a, b, _ = found.entries[i]
            fits = (clipped >= (ends[0] if a is None else a)) & (
                clipped <= (ends[1] if b is None else b)
            )
            chosen[fits] = i
        table = colors[chosen]
    return table, place.reshape(values.shape)


def site_sizes(values: np.ndarray, image: ImageRequest) -> np.ndarray:
    """Return the diameters of sites by the values of the second column.

    Returns
    -------
    numpy.ndarray, float, shape of `values`
    """
    if image.diameter is not None:
        return np.full(values.shape, image.diameter)
    if values.dtype.kind not in "iu" or image.diameter_range is None:
        sizes: np.ndarray = np.maximum(values.astype(float), 0.0)
        return sizes
    low, high = image.diameter_range
    value = _within(values, (low, high), image.wrap_diameters) + low
    sizes = np.ones(values.shape)
    for first, last, diameter in image.diameters:
        sizes[(first <= value) & (value <= last)] = diameter
    return sizes
