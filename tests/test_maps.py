"""The map: a projection that keeps areas, numbers that lead to names, tables that fit each other."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from rutrade import InputError, data
from rutrade import structure as st
from rutrade.publish import maps


def test_the_projection_gives_the_published_points():
    # Snyder 1987, Map Projections: A Working Manual, p. 187-190: table 28, R = 1, equatorial: 40 N, 40 E.
    x, y = maps.equal_area([40.0], [40.0], centre=(0.0, 0.0))
    assert x / 6371.0 == pytest.approx(0.55281, abs=1e-5) and y / 6371.0 == pytest.approx(0.72164, abs=1e-4)
    x, y = maps.equal_area([108.0, 108.0], [55.0, 90.0])
    assert (x[0], y[0]) == pytest.approx((0, 0)) and x[1] == pytest.approx(0, abs=1e-9)
    assert y[1] == pytest.approx(2 * 6371 * np.sin(np.radians(35) / 2)), "chord from the centre to the pole"


@given(some.floats(60, 175), some.floats(35, 75))
def test_areas_are_those_of_the_sphere(longitude, latitude):
    step = 0.01
    ring = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * step + [longitude, latitude]
    x, y = maps.equal_area(ring[:, 0], ring[:, 1])
    area = 0.5 * abs(x @ np.roll(y, 1) - y @ np.roll(x, 1))
    sine = np.sin(np.radians([latitude, latitude + step]))
    assert area == pytest.approx(6371**2 * np.radians(step) * (sine[1] - sine[0]), rel=1e-5)


def test_points_that_have_no_place_are_refused():
    with pytest.raises(InputError, match="opposite the map's centre"):
        maps.equal_area([-72.0], [-55.0])
    with pytest.raises(InputError, match="latitude 95 is not allowed"):
        maps.equal_area([0.0], [95.0])


def test_every_line_crossing_and_region_has_its_place_and_every_ring_is_closed():
    places, lines = data.load("map_places"), data.load("map_lines")
    assert set(lines["place"]) <= set(places["place"]) and set(lines["kind"]) == set(maps.LINES)
    crossings = set(data.load("rail_crossings")["crossing"]) - {"all crossings with China"}
    assert crossings == set(places.loc[places["kind"] == "crossing", "place"])
    assert set(places["region"].dropna()) <= set(data.load("siberia")["entity"])
    for _, ring in data.load("outlines").groupby("shape"):
        ends = ring.sort_values("position").iloc[[0, -1]][["longitude", "latitude"]].to_numpy()
        assert ends[0] == pytest.approx(ends[1])
    stops = places[places["kind"] == "stop"]["place"]
    assert set(stops) <= set(lines["place"]), "a stop that no line calls at"


def test_crossings_are_no_more_than_all_of_them_together():
    table = data.load("rail_crossings")
    same = table[(table["first_month"] == "2025-01") & (table["direction"] == "export")].set_index("crossing")["mt"]
    parts = same.drop("all crossings with China")
    assert len(parts) == 4 and 0.95 * same["all crossings with China"] < parts.sum() <= same["all crossings with China"]


def example():
    crossings = pd.Series({"Kamyshovaya-Hunchun": 1.6, "Zabaikalsk-Manzhouli": 11.8})
    regions = pd.DataFrame({"sells": [4.2, 0.0], "buys": [0.5, 1.2]}, index=["Irkutsk Region", "Novosibirsk Region"])
    return crossings, regions


def test_the_key_numbers_crossings_and_then_regions_by_size():
    found = maps.key(data.load("map_places"), *example())
    assert found["name"].tolist() == [
        "Zabaikalsk-Manzhouli", "Kamyshovaya-Hunchun", "Irkutsk Region", "Novosibirsk Region"]  # fmt: skip
    assert found.index.tolist() == [1, 2, 3, 4] and found["size"].tolist() == pytest.approx([11.8, 1.6, 4.7, 1.2])
    assert found.loc[3, "place"] == "Irkutsk" and found.loc[2, "x"] > 1500
    with pytest.raises(InputError, match="unknown crossing on the map 'Heihe'"):
        maps.key(data.load("map_places"), pd.Series({"Heihe": 1.0}), example()[1])
    with pytest.raises(InputError, match="unknown region on the map 'Tomsk Region'"):
        maps.key(data.load("map_places"), example()[0], example()[1].rename(index={"Irkutsk Region": "Tomsk Region"}))


def test_the_map_shows_every_number_and_circles_by_area():
    import matplotlib.pyplot as plt

    found = maps.key(data.load("map_places"), *example())
    fig = maps.flow_map(data.load("outlines"), data.load("map_places"), data.load("map_lines"), found)
    (ax,) = fig.axes
    texts = {t.get_text(): t for t in ax.texts}
    assert {"1", "2", "3", "4", "Khabarovsk"} <= set(texts) and "Irkutsk" not in texts, "numbered places have no name"
    assert all(t.get_fontsize() >= 9 for t in ax.texts)
    crossings = next(c for c in ax.collections if len(c.get_sizes()) == 2)
    sizes = crossings.get_sizes()
    assert sizes[0] / sizes[1] == pytest.approx(11.8 / 1.6)
    west, east = ax.get_xlim()
    south, north = ax.get_ylim()
    assert found["x"].between(west, east).all() and found["y"].between(south, north).all()
    plt.close(fig)


def test_regions_on_the_map_are_those_whose_trade_with_china_is_named():
    table = data.load("siberia")
    facts = [
        st.in_bn(st.facts(table, t, c)) for t, c in (("exports", "exports to China"), ("imports", "imports from C"))
    ]
    named = {name.rstrip("*") for series in facts for name in series.index}
    assert named == set(data.load("map_places")["region"].dropna())
