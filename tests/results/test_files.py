"""A saved result is the result: it comes back equal, or one sentence says why it cannot be saved."""

import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings

from neuronscope.results import ENDINGS, files, label, load, provenance, save, stamp
from neuronscope.words import BadInput
from tests.results.drawn import assert_same, datasets, trees

ROUND_TRIP = [".nc", ".zarr", ".zarr.zip", ".json", ".npz"]
drawn = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture
def lens() -> xr.Dataset:
    return stamp(
        label(
            {"rank": [1, 2], "token": ("position", ["Paris", " is", ""])},
            probability=(
                "depth position rank",
                np.linspace(0, 1, 12, dtype="f4").reshape(2, 3, 2),
                {"units": "1"},
            ),
            candidate=("depth position rank", np.array([["été", ""]] * 6).reshape(2, 3, 2)),
            sure=("depth position", np.array([[True, False, True]] * 2)),
        ),
        analysis="logit_lens",
        arguments={"prompt": "Paris is", "target": None},
    )


@pytest.mark.parametrize("ending", ROUND_TRIP)
@drawn
@given(sent=datasets())
def test_what_is_loaded_equals_what_was_saved(ending: str, sent: xr.Dataset) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_same(load(save(sent, Path(folder, "result" + ending))), sent)


@pytest.mark.parametrize("ending", ROUND_TRIP)
@settings(drawn, max_examples=10)
@given(sent=trees())
def test_a_tree_of_parts_comes_back_equal_too(ending: str, sent: xr.DataTree) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert_same(load(save(sent, Path(folder, "result" + ending))), sent)


@pytest.mark.parametrize("ending", ROUND_TRIP)
def test_a_loaded_result_still_wears_its_own_stamp(ending: str, lens: xr.Dataset, tmp_path: Path) -> None:
    back = load(save(lens, tmp_path / f"lens{ending}"))
    assert provenance(back) == provenance(lens)
    assert provenance(back)["derived"] is False


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_other_software_reads_names_axes_and_numbers(ending: str, lens: xr.Dataset, tmp_path: Path) -> None:
    path = save(lens, tmp_path / f"lens{ending}")
    with xr.open_dataset(path, engine="zarr" if ending == ".zarr" else "h5netcdf") as seen:
        assert set(seen.data_vars) == {"probability", "candidate", "sure"}
        assert "token" in seen.coords
        assert seen.probability.dims == ("depth", "position", "rank")
        np.testing.assert_array_equal(seen.probability, lens.probability)
        assert seen.candidate.values.tolist() == lens.candidate.values.tolist()
        assert seen.sure.dtype == bool
        assert seen.probability.attrs["units"] == "1"


def test_numpy_alone_reads_the_arrays_without_pickle(lens: xr.Dataset, tmp_path: Path) -> None:
    with np.load(save(lens, tmp_path / "lens.npz"), allow_pickle=False) as archive:
        np.testing.assert_array_equal(archive["probability"], lens.probability)
        assert archive["candidate"].tolist() == lens.candidate.values.tolist()


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_a_file_that_xarray_wrote_is_read_too(ending: str, tmp_path: Path) -> None:
    theirs = xr.Dataset({"rate": ("time", [1.0, np.nan], {"units": "seconds"})}, {"time": [3, 4]})
    path = tmp_path / f"theirs{ending}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs.to_zarr(path) if ending == ".zarr" else theirs.to_netcdf(path, engine="h5netcdf")
    xr.testing.assert_equal(load(path), theirs)


def test_a_result_longer_than_a_chunk_comes_back_equal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("neuronscope.results.zarr_folder.CHUNK_BYTES", 64)
    sent = label({}, activation=("layer neuron position", np.arange(210.0).reshape(5, 6, 7)))
    path = save(sent, tmp_path / "long.zarr")
    assert len(list((path / "activation").glob("*.*.*"))) == 5 * 6
    assert_same(load(path), sent)


@pytest.mark.parametrize("ending", [*ROUND_TRIP, ".csv"])
def test_saving_again_replaces_what_was_there(ending: str, lens: xr.Dataset, tmp_path: Path) -> None:
    path = save(lens, tmp_path / f"lens{ending}")
    first = sorted(tmp_path.iterdir())
    save(lens.isel(depth=[0]), path)
    if ending != ".csv":
        assert_same(load(path), lens.isel(depth=[0]))
    assert sorted(tmp_path.iterdir()) == first


@pytest.mark.parametrize("ending", [*ROUND_TRIP, ".csv"])
def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(
    ending: str, lens: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(lens, tmp_path / f"lens{ending}")
    before = sorted(tmp_path.rglob("*"))

    def full(file: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "sync", full)
    with pytest.raises(BadInput, match=r"Cannot write '.*lens\S*': No space left on device\."):
        save(lens.isel(depth=[0]), path)
    assert sorted(tmp_path.rglob("*")) == before
    if ending != ".csv":
        assert_same(load(path), lens)


@pytest.mark.parametrize("ending", [".nc", ".json", ".npz", ".csv", ".zarr.zip"])
def test_a_disk_that_fills_up_is_one_sentence(ending: str, tmp_path: Path) -> None:
    script = f"""
import resource, numpy as np
from neuronscope.results import label, save
from neuronscope.words import BadInput
noise = np.random.default_rng(0).standard_normal(60_000)
result = label({{}}, activation=("neuron", noise))
save(result, {str(tmp_path / f"warm{ending}")!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
try:
    save(result, {str(tmp_path / f"big{ending}")!r})
except BadInput as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Cannot write ")
    assert done.stdout.count("\n") == 1
    assert not [file for file in tmp_path.iterdir() if "big" in file.name]


def test_threads_that_write_and_read_netcdf_at_once_crash_nothing(lens: xr.Dataset, tmp_path: Path) -> None:
    whole, spoilt = tmp_path / "whole.nc", tmp_path / "spoilt.nc"
    save(lens, whole)
    spoilt.write_bytes(whole.read_bytes()[:-200])
    save(lens, tmp_path / "lens.npz")
    script = f"""
import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from neuronscope.results import load, save
from neuronscope.words import BadInput
folder = Path({str(tmp_path)!r})
lens = load(folder / "lens.npz")
def hammer(thread):
    for turn in range(3):
        mine = load(save(lens, folder / f"{{thread}}.nc"))
        assert mine.identical(lens) and load(folder / "whole.nc").identical(lens)
        try:
            load(folder / "spoilt.nc")
        except BadInput:
            gc.collect()
        else:
            raise AssertionError("a spoilt file was read")
with ThreadPoolExecutor(4) as pool:
    list(pool.map(hammer, range(4)))
print("whole")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "whole\n", "")


def test_an_unknown_ending_is_refused_with_those_that_are_known(lens: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(
        BadInput, match=r"'lens.jsn' cannot be written: it must end in .nc .* did you mean '.json'"
    ):
        save(lens, tmp_path / "lens.jsn")
    with pytest.raises(BadInput, match=r"'lens' cannot be written: it must end in"):
        save(lens, tmp_path / "lens")
    with pytest.raises(BadInput, match=r"'.nc' cannot be written"):
        save(lens, tmp_path / ".nc")


def test_a_missing_folder_is_named(lens: xr.Dataset, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"There is no folder '.*nowhere' for 'lens.nc'; make it first\."):
        save(lens, tmp_path / "nowhere" / "lens.nc")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="the superuser may write anywhere")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_folder_without_permission_is_one_sentence(ending: str, lens: xr.Dataset, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(BadInput, match="Permission denied"):
            save(lens, tmp_path / f"lens{ending}")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a file system that takes no files")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_place_that_cannot_be_written_is_one_sentence(ending: str, lens: xr.Dataset) -> None:
    with pytest.raises(BadInput, match=r"^Cannot write '/proc/lens"):
        save(lens, f"/proc/lens{ending}")


def test_a_folder_that_is_not_zarr_is_never_replaced(lens: xr.Dataset, tmp_path: Path) -> None:
    mine = tmp_path / "photos.zarr"
    mine.mkdir()
    (mine / "dear.txt").write_text("kept")
    with pytest.raises(BadInput, match="what is there is not Zarr"):
        save(lens, mine)
    with pytest.raises(BadInput, match="it is a folder"):
        save(lens, mine.rename(tmp_path / "photos.nc"))
    assert (tmp_path / "photos.nc" / "dear.txt").read_text() == "kept"


def test_what_is_not_there_or_not_readable_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"^There is no '.*gone.nc'\.$"):
        load(tmp_path / "gone.nc")
    with pytest.raises(BadInput, match=r"load the \.nc or \.zarr"):
        load(tmp_path / "lens.csv")
    with pytest.raises(BadInput, match=r"'lens.txt' cannot be read: it must end in"):
        load(tmp_path / "lens.txt")
    for ending in ROUND_TRIP:
        (tmp_path / f"bad{ending}").write_bytes(b"{not a result")
        with pytest.raises(BadInput, match=rf"bad\S*' cannot be read as \{ending}: "):
            load(tmp_path / f"bad{ending}")
    (tmp_path / "other.json").write_text("[1, 2]")
    with pytest.raises(BadInput, match=r"it is no result of NeuronScope"):
        load(tmp_path / "other.json")
    np.savez(tmp_path / "other.npz", a=np.ones(2))
    with pytest.raises(BadInput, match=r"it is no result of NeuronScope"):
        load(tmp_path / "other.npz")


def test_a_pickle_in_an_npz_file_is_never_run(tmp_path: Path) -> None:
    np.savez(tmp_path / "trap.npz", __label__=np.array([object()], dtype=object))
    with pytest.raises(BadInput, match="allow_pickle=False"):
        load(tmp_path / "trap.npz")


def test_a_file_of_a_later_format_says_so(
    lens: xr.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        later.setattr("neuronscope.results.packing.FORMAT", 99)
        path = save(lens, tmp_path / "lens.nc")
    with pytest.raises(
        BadInput, match=r"The file has format 99 and this version reads 1; update neuronscope\."
    ):
        load(path)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (xr.Dataset({"value": ("item", np.array(["a", None], dtype=object))}), "'value' holds a float"),
        (
            xr.Dataset({"value": ("item", np.array([b"ab"]))}),
            "'value' has dtype |S2, which no file format keeps",
        ),
        (xr.Dataset({"a/b": ("item", [1])}), "'a/b' cannot name anything in a file; use no slash"),
        (xr.Dataset({".a": ("item", [1])}), "'.a' cannot name anything in a file"),
        (xr.Dataset({" a": ("item", [1])}), "' a' cannot name anything in a file; use a word."),
        (xr.Dataset({"item": (("item", "rank"), [[1]])}), "'item' has the name of one of its axes"),
        (xr.Dataset({"value": ("item", [1])}, attrs={"made": object()}), "A object is not plain data"),
        (xr.Dataset({"value": ("item", [1])}, attrs={3: "x"}), "Attribute 3 needs a name that is text"),
        (
            xr.Dataset({"value": (("item", "rank"), [[1, 2]])}).stack(both=("item", "rank")),
            "'both' is an index of several levels; call reset_index('both') first.",
        ),
    ],
)
def test_what_no_format_keeps_is_refused_by_name(result: xr.Dataset, sentence: str, tmp_path: Path) -> None:
    for ending in (".nc", ".zarr"):
        with pytest.raises(BadInput) as refusal:
            save(result, tmp_path / f"result{ending}")
        assert sentence in str(refusal.value)
    assert list(tmp_path.iterdir()) == []
