/** Profiles, tinted tokens and rankings: one axis, drawn as a line, as text or as a list. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import { values as readValues } from "../api/queries";
import type { Result, Selection, Variable } from "../api/shapes";
import { chosenDomain } from "../colour/domain";
import { ColourScale } from "../figures/ColourScale";
import { DataTable } from "../figures/DataTable";
import { Profile } from "../figures/Profile";
import { type Column, Ranking } from "../figures/Ranking";
import { TokenText } from "../figures/TokenText";
import { axisLabels, inWords, isText, valueTitle } from "../figures/words";
import { Complaint } from "../shell/Panel";
import { pointed, useSelection } from "../state/selection";
import type { Theme } from "../state/theme";
import { cubeOf, cut } from "./cube";
import { companionOf, isCompanion } from "./companions";
import { ends } from "./HeatView";
import type { Plane } from "./plane";
import { useCube } from "./useCube";
import { useCompanion, useUnsure } from "./useUnsure";
import type { View } from "./view";

export interface ListViewProps {
  result: Result;
  variable: Variable;
  plane: Plane;
  at: Selection;
  theme: Theme;
}

export function LineView({ result, variable, plane, at, theme, view }: ListViewProps & { view: View }) {
  const x = plane.x ?? "";
  const { range, table } = view;
  const { hovered, selected, hover, select } = useSelection();
  const order = useMemo(() => [x, "bound"], [x]);
  const { cube, failure } = useCube(result, variable, at, order, plane.sliders);
  const band = useBand(result, variable, at, plane, order);
  const along = useMemo(() => [x], [x]);
  const chance = useCompanion(result, variable, "null", plane, at, along);
  const labels = useMemo(() => axisLabels(result, x), [result, x]);
  if (failure) return <Complaint>{failure.message}</Complaint>;
  if (!cube?.numbers) return <div className="skeleton" style={{ height: 280 }} />;
  const values = cube.axes.includes("bound")
    ? middle(cut(cube, { bound: 0 }).numbers, cut(cube, { bound: 1 }).numbers)
    : cube.numbers;
  const title = valueTitle(variable);
  const placed = (index: number | null) => (index === null ? null : { ...at, [x]: index });
  const onPoint = (index: number | null) => hover(placed(index));
  const onPin = (index: number) => select(placed(index));
  const lit = pointed(hovered, x) ?? pointed(selected, x);
  if (table)
    return (
      <DataTable
        label={title}
        rowName={inWords(x)}
        columnName="value"
        rows={labels}
        columns={[{ text: title, token: false }]}
        values={values}
        words={null}
      />
    );
  if (plane.kind === "tokens") {
    const domain = chosenDomain(values, ends(variable), range);
    return (
      <>
        <div className="figure-head">
          <span />
          <ColourScale
            title={title}
            domain={domain}
            theme={theme}
            value={lit === null ? null : values[lit]}
          />
        </div>
        <TokenText label={title} {...{ labels, values, domain, theme, lit, onPoint, onPin }} />
      </>
    );
  }
  return (
    <Profile
      label={`${title} by ${inWords(x)}`}
      {...{ values, band, chance, labels, lit, onPoint, onPin }}
      axisName={inWords(x)}
      valueName={title}
    />
  );
}

function middle(low: Float64Array | null, high: Float64Array | null): Float64Array {
  return Float64Array.from(low ?? [], (value, index) => (value + (high?.[index] ?? value)) / 2);
}

/** The variable with the interval: itself when it has `bound`, else its own `…_interval`, or the first one's `interval`. */
export function intervalOf(result: Result, variable: Variable): Variable | undefined {
  if (variable.axes.includes("bound")) return variable;
  const names = [`${variable.name}_interval`];
  if (result.variables[0]?.name === variable.name) names.push("interval");
  return result.variables.find(
    ({ name, axes }) =>
      names.includes(name) &&
      axes.includes("bound") &&
      axes.length === variable.axes.length + 1 &&
      variable.axes.every((axis) => axes.includes(axis)),
  );
}

/** Interval about the line, its ends by index. */
function useBand(result: Result, variable: Variable, at: Selection, plane: Plane, order: readonly string[]) {
  const twin = intervalOf(result, variable);
  const { cube } = useCube(result, twin ?? variable, at, order, plane.sliders);
  const along = useMemo(() => order.filter((axis) => axis !== "bound"), [order]);
  const below = useCompanion(result, variable, "low", plane, at, along);
  const above = useCompanion(result, variable, "high", plane, at, along);
  return useMemo(() => {
    if (!twin && below && above) return { low: below, high: above };
    if (!twin || !cube?.axes.includes("bound")) return null;
    const [low, high] = [cut(cube, { bound: 0 }).numbers, cut(cube, { bound: 1 }).numbers];
    return low && high ? { low, high } : null;
  }, [twin, cube, below, above]);
}

export function RankingView({ result, variable, plane, at }: ListViewProps) {
  const x = plane.x ?? "";
  const alike = useMemo(
    () => [
      variable,
      ...result.variables.filter(
        (other) =>
          other.name !== variable.name && sameAxes(other, variable) && !isEnd(result, variable, other),
      ),
    ],
    [result, variable],
  );
  const fixed = useMemo(
    () => Object.fromEntries(plane.sliders.map((axis) => [axis, at[axis] ?? 0])),
    [plane, at],
  );
  const { columns, failure } = useColumns(result, alike, fixed);
  const order = useMemo(() => [x, "bound"], [x]);
  const interval = useBand(result, variable, at, plane, order);
  const along = useMemo(() => [x], [x]);
  const unsure = useUnsure(result, variable, plane, at, along);
  const entries = useMemo(() => axisLabels(result, x).map(({ text }) => text), [result, x]);
  const { hovered, selected, hover, select } = useSelection();
  const places = useMemo(() => placesAlong(result, x, at), [result, x, at]);
  if (failure) return <Complaint>{failure.message}</Complaint>;
  if (!columns) return <div className="skeleton" style={{ height: 280 }} />;
  return (
    <div
      className="table-scroll"
      tabIndex={0}
      role="region"
      aria-label={`Ranking of ${valueTitle(variable)}`}
    >
      <Ranking
        label={valueTitle(variable)}
        axis={inWords(x)}
        entries={entries}
        columns={columns}
        bars={isText(variable) ? null : variable.name}
        interval={isText(variable) ? null : interval}
        unsure={isText(variable) ? null : unsure}
        lit={rowOf(places, hovered) ?? rowOf(places, selected)}
        onPoint={(row) => hover(row === null ? null : (places[row] ?? null))}
        onPin={(row) => select(places[row] ?? null)}
      />
    </div>
  );
}

/** The place of every row: its index, or the layer, head or neuron that its labels name. */
export function placesAlong(result: Result, x: string, at: Selection): Selection[] {
  const named = ["layer", "head", "neuron", "position"].flatMap((axis) => {
    const coordinate = result.coords[axis];
    const along = axis !== x && coordinate?.axes.join() === x && coordinate.values;
    return along ? [{ axis, values: along }] : [];
  });
  return Array.from({ length: result.dims[x] ?? 0 }, (_, row) =>
    named.length === 0
      ? { ...at, [x]: row }
      : Object.fromEntries(
          named.flatMap(({ axis, values }) =>
            typeof values[row] === "number" && values[row] >= 0 ? [[axis, values[row]]] : [],
          ),
        ),
  );
}

/** Row whose every place is among those given, or null. */
export function rowOf(places: readonly Selection[], given: Selection | null): number | null {
  if (!given) return null;
  const row = places.findIndex((own) => {
    const entries = Object.entries(own);
    return entries.length > 0 && entries.every(([axis, index]) => given[axis] === index);
  });
  return row < 0 ? null : row;
}

/** Whether a variable is an end of an interval: of this one, which has a column for it, or of another. */
function isEnd(result: Result, variable: Variable, other: Variable): boolean {
  const ofThis = [companionOf(result, variable, "low"), companionOf(result, variable, "high")];
  return ofThis.includes(other) || (/_(low|high)$/.test(other.name) && isCompanion(result, other));
}

export function sameAxes(one: Variable, other: Variable): boolean {
  return one.axes.length === other.axes.length && one.axes.every((axis) => other.axes.includes(axis));
}

/** Variables over one axis, read as the columns of a list. */
export function useColumns(result: Result, variables: readonly Variable[], fixed: Selection) {
  const queries = useQueries({
    queries: variables.map(({ name, axes }) => {
      const held = Object.fromEntries(Object.entries(fixed).filter(([axis]) => axes.includes(axis)));
      return {
        queryKey: ["values", result.digest, name, held],
        queryFn: ({ signal }: { signal: AbortSignal }) => readValues(result.digest, name, held, signal),
        staleTime: Number.POSITIVE_INFINITY,
      };
    }),
  });
  const failure = queries.find(({ error }) => error)?.error ?? null;
  if (queries.some(({ data }) => !data)) return { columns: null, failure };
  const columns = queries.map(({ data }, index): Column => {
    const variable = variables[index] as Variable;
    const cube = data ? cubeOf(data) : { texts: null, numbers: new Float64Array() };
    const entries = cube.texts ?? Array.from(cube.numbers ?? []);
    return { name: variable.name, title: valueTitle(variable), values: entries, tokens: areTokens(variable) };
  });
  return { columns, failure };
}

/** Text read out of a vocabulary, as opposed to prose. */
function areTokens(variable: Variable): boolean {
  return isText(variable) && /token|candidate/.test(`${variable.name} ${variable.long_name}`);
}
