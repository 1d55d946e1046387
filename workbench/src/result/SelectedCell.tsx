/** All that the result says about the selected cell. */
import { useMemo } from "react";
import type { Result, Selection, Variable } from "../api/shapes";
import { Ranking } from "../figures/Ranking";
import { inWords, isText, number, placeInWords, valueTitle, visible } from "../figures/words";
import { CloseIcon } from "../shell/icons";
import { Complaint } from "../shell/Panel";
import { useColumns } from "./ListView";

interface SelectedProps {
  result: Result;
  cell: Selection;
  at: Selection;
  onRelease: () => void;
}

export function SelectedCell({ result, cell, at, onRelease }: SelectedProps) {
  const { singles, lists } = useMemo(() => parted(result, cell), [result, cell]);
  const fixed = useMemo(() => ({ ...at, ...cell }), [at, cell]);
  const { rank: _rank, ...unranked } = fixed;
  return (
    <aside className="pinned" aria-label="Selected cell">
      <header>
        <h3>Selected</h3>
        <button type="button" className="quiet" onClick={onRelease} aria-label="Let go of the selected cell">
          <CloseIcon />
        </button>
      </header>
      <p className="pinned-place">
        {Object.entries(cell).map(([axis, index]) => (
          <span key={axis}>{placeInWords(result, axis, index)}</span>
        ))}
      </p>
      {singles.length > 0 && <Singles result={result} variables={singles} fixed={fixed} />}
      {lists.length > 0 && <List result={result} variables={lists} fixed={unranked} />}
    </aside>
  );
}

/** Variables that the cell holds to one value, and those that it holds to a list by rank. */
function parted(result: Result, cell: Selection): { singles: Variable[]; lists: Variable[] } {
  const axes = Object.keys(cell);
  const about = result.variables.filter((variable) => axes.every((axis) => variable.axes.includes(axis)));
  const ranked = about.filter((variable) => variable.axes.includes("rank"));
  return { singles: about.filter((variable) => !ranked.includes(variable)), lists: ranked };
}

interface PartProps {
  result: Result;
  variables: readonly Variable[];
  fixed: Selection;
}

function Singles({ result, variables, fixed }: PartProps) {
  const { columns, failure } = useColumns(result, variables, fixed);
  if (failure) return <Complaint>{failure.message}</Complaint>;
  return (
    <dl className="facts">
      {variables.map((variable, index) => {
        const value = columns?.[index]?.values[0];
        return (
          <div key={variable.name}>
            <dt>{titleAmong(variable, variables)}</dt>
            <dd className="mono" data-variable={variable.name} data-value={value}>
              {value === undefined ? "…" : typeof value === "number" ? number(value) : visible(value)}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

/** What a variable is called; by its name too where another has the same title. */
function titleAmong(variable: Variable, all: readonly Variable[]): string {
  const title = valueTitle(variable);
  const alone = all.filter((other) => valueTitle(other) === title).length === 1;
  return alone ? title : `${inWords(variable.name)}: ${title}`;
}

function List({ result, variables, fixed }: PartProps) {
  const ordered = useMemo(
    () => variables.toSorted((one, other) => Number(isText(other)) - Number(isText(one))),
    [variables],
  );
  const { columns, failure } = useColumns(result, ordered, fixed);
  if (failure) return <Complaint>{failure.message}</Complaint>;
  if (!columns) return <div className="skeleton" style={{ height: 120 }} />;
  const entries = (columns[0]?.values ?? []).map((_, index) => String(index + 1));
  const named = columns.map((column) => ({ ...column, title: inWords(column.name) }));
  const bars = ordered.find((variable) => !isText(variable))?.name ?? null;
  return (
    <Ranking
      label="Selected cell by rank"
      axis={inWords("rank")}
      entries={entries}
      columns={named}
      bars={bars}
    />
  );
}
