# The single steps, for developers. `python3 start.py` and `python3 start.py test` need none of this.

python := if os() == "windows" { ".venv/Scripts/python.exe" } else { ".venv/bin/python" }

# list the steps
default:
    @just --list

# set up and open the workbench
open:
    python3 start.py

# everything that the automatic checks run
check:
    python3 start.py test

# the same without slow tests and browser
fast:
    python3 start.py test --fast

# format Python and TypeScript
format:
    {{python}} -m ruff format .
    {{python}} -m ruff check --fix .
    cd workbench && npm run format

# lint, types and import contracts of the Python
lint:
    {{python}} -m ruff check .
    {{python}} -m pyright
    {{python}} -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

# some Python tests: just test tests/results -k digest
test *words:
    {{python}} -m pytest {{words}}

# the house rules alone
house:
    {{python}} -m pytest -q tests/house

# a new analysis with its test and its page: just new-analysis predictions/surprise
new-analysis place:
    {{python}} tools/new_analysis.py {{place}}

# the index that lists the analyses without importing them
catalogue:
    {{python}} -m neuronscope.catalogue

# the TypeScript types of the REST door
types:
    cd workbench && npm run types

# the workbench on a development server that follows its sources
pages:
    cd workbench && npm run dev

# the wheel, with the workbench in it
wheel:
    {{python}} -m build

# compare with the peer libraries and write docs/parity.md
parity:
    python3 start.py test --parity
