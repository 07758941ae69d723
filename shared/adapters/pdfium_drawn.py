"""What a PDF page shows besides text, by pdfium: how much of it pictures cover, and anything drawn.

Runs in the child process only. Pictures may come in strips and layers, so their shares are not
summed: the page is a grid, and what counts is the cells that some picture covers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

from pypdfium2 import raw

_GRID = 40
_OBJECTS = 20_000  # looked at: a page of more shows something anyway
_DEPTH = 8
_VISIBLE = 3  # of 255: paint that is lighter than that cannot be told from paper

Box = tuple[float, float, float, float]  # left, bottom, right, top
Matrix = tuple[float, float, float, float, float, float]
_PLAIN: Matrix = (1, 0, 0, 1, 0, 0)


def what_is_drawn(page: Any) -> tuple[float, bool]:
    """The share of the page that pictures cover, 0…1, and whether it shows anything but text."""
    paper = page.get_bbox()
    covered: set[tuple[int, int]] = set()
    drawn = False
    for kind, item, box in _objects(page.raw):
        if not _meet(box, paper):
            continue
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            covered.update(_cells(box, paper))
            drawn = True
        elif kind == raw.FPDF_PAGEOBJ_SHADING or (
            kind == raw.FPDF_PAGEOBJ_PATH and _is_visible(item)
        ):
            drawn = True
    return round(len(covered) / _GRID**2, 3), drawn


def _objects(page: Any) -> Iterator[tuple[int, Any, Box]]:
    """Kind, object and box on the page of all objects, those inside forms included."""
    waiting = [
        (raw.FPDFPage_GetObject, page, raw.FPDFPage_CountObjects(page), _PLAIN, 0),
    ]
    left = _OBJECTS
    while waiting:
        get, holder, count, matrix, depth = waiting.pop()
        for index in range(min(count, left)):
            item = get(holder, index)
            kind = raw.FPDFPageObj_GetType(item)
            if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEPTH:
                inner = raw.FPDFFormObj_CountObjects(item)
                place = _times(_matrix_of(item), matrix)
                waiting.append((raw.FPDFFormObj_GetObject, item, inner, place, depth + 1))
            elif kind != raw.FPDF_PAGEOBJ_TEXT:
                yield kind, item, _box_of(item, matrix)
        left -= min(count, left)


def _box_of(item: Any, matrix: Matrix) -> Box:
    sides = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(item, *map(ctypes.byref, sides))
    left, bottom, right, top = (side.value for side in sides)
    a, b, c, d, e, f = matrix
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (bottom, top)]
    across, up = zip(*corners, strict=True)
    return min(across), min(up), max(across), max(up)


def _matrix_of(form: Any) -> Matrix:
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(form, ctypes.byref(matrix))
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (
        *(a * p + b * r, a * q + b * s),
        *(c * p + d * r, c * q + d * s),
        *(e * p + f * r + t, e * q + f * s + u),
    )


def _meet(one: Box, other: Box) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    up = min(one[3], other[3]) - max(one[1], other[1])
    return across >= 0 and up >= 0 and across + up > 0  # a rule may have no height


def _cells(box: Box, paper: Box) -> Iterator[tuple[int, int]]:
    """The cells of the grid whose middle the box covers."""
    wide, high = (paper[2] - paper[0]) / _GRID or 1.0, (paper[3] - paper[1]) / _GRID or 1.0
    columns = [n for n in range(_GRID) if box[0] <= paper[0] + (n + 0.5) * wide <= box[2]]
    rows = [n for n in range(_GRID) if box[1] <= paper[1] + (n + 0.5) * high <= box[3]]
    return ((column, row) for column in columns for row in rows)


def _is_visible(path: Any) -> bool:
    """Whether the path leaves a mark on white paper: clipping paths and white boxes do not."""
    fill, stroke = ctypes.c_int(), raw.FPDF_BOOL()
    raw.FPDFPath_GetDrawMode(path, ctypes.byref(fill), ctypes.byref(stroke))
    return bool(
        (fill.value and _is_paint(raw.FPDFPageObj_GetFillColor, path))
        or (stroke.value and _is_paint(raw.FPDFPageObj_GetStrokeColor, path))
    )


def _is_paint(color_of: Any, path: Any) -> bool:
    channels = [ctypes.c_uint() for _ in range(4)]
    if not color_of(path, *map(ctypes.byref, channels)):
        return True  # a pattern
    *color, alpha = (channel.value for channel in channels)
    return alpha > _VISIBLE and min(color) < 255 - _VISIBLE
