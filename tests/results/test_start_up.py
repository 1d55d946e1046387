"""Results are light to import: the libraries of files and models wait until they are needed."""

import subprocess
import sys


def test_importing_results_imports_no_torch_and_no_file_format() -> None:
    heavy = "{'torch', 'zarr', 'h5py', 'h5netcdf'}"
    script = f"import sys, neuronscope.results; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"
