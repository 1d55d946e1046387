/** Grids and attention: a heat map with its read-out, legend and foot. */
import { useMemo } from "react";
import type { Result, Selection, Variable } from "../api/shapes";
import { chosenDomain } from "../colour/domain";
import { ColourScale } from "../figures/ColourScale";
import { DataTable } from "../figures/DataTable";
import type { Place } from "../figures/geometry";
import { HeadThumbnails } from "../figures/HeadThumbnails";
import { HeatCanvas } from "../figures/HeatCanvas";
import {
  axisLabels,
  cellNumber,
  inWords,
  isText,
  number,
  placeInWords,
  valueTitle,
  visible,
} from "../figures/words";
import { pointed, useSelection } from "../state/selection";
import type { Theme } from "../state/theme";
import { Complaint } from "../shell/Panel";
import { type Cube, cut, turn } from "./cube";
import { BOTTOM_UP, type Plane } from "./plane";
import { KEPT, pick, READABLE, type Shown, strongest } from "./strongest";
import { useCube } from "./useCube";
import { APART, type Filling, useFilling, useUnsure } from "./useUnsure";
import type { Look, View } from "./view";

interface HeatViewProps {
  result: Result;
  variable: Variable;
  plane: Plane;
  at: Selection;
  theme: Theme;
  tall: number;
  view: View;
  look: Look;
  onMove: (axis: string, index: number) => void;
}

const FROM_RANDOM = "not distinguishable from random";

const DARK = { column: null, row: null };

/** Beyond these counts no cell has room for words or numbers. */
const ROOM = { columns: 64, rows: 64 };

export function HeatView(props: HeatViewProps) {
  const { result, variable, plane, at } = props;
  const { x, y, sliders } = plane;
  const order = useMemo(() => [y, x].filter((axis) => axis !== null), [x, y]);
  const { cube, whole, failure } = useCube(result, variable, at, order, sliders);
  const words = useWords(result, variable, plane, at, order);
  const unsure = useUnsure(result, variable, plane, at, order);
  const filling = useFilling(result, variable, plane, at, order);
  if (failure) return <Complaint>{failure.message}</Complaint>;
  if (!cube?.numbers || x === null || y === null)
    return <div className="skeleton" style={{ height: props.tall }} />;
  const marks = filling
    ? { unsure: filling.estimated, marked: filling.apart, hatched: fillingWords(filling) }
    : { unsure, marked: null };
  return <Heat {...props} {...{ x, y, words, whole }} values={cube.numbers} {...marks} />;
}

function fillingWords({ estimated, apart }: Filling): string {
  const exact = estimated.filter((one) => !one).length;
  const off = apart.filter(Boolean).length;
  return `estimated by gradients; ${exact} of ${estimated.length} cells are exact. Marked in the corner: ${off} whose estimate was off by more than ${APART}`;
}

/** Text variable over the same axes, such as the candidates of a lens. */
function useWords(result: Result, variable: Variable, plane: Plane, at: Selection, order: readonly string[]) {
  const alike = result.variables.filter(
    (other) =>
      isText(other) &&
      other.axes.length === variable.axes.length &&
      other.axes.every((axis) => variable.axes.includes(axis)),
  );
  const twin = alike.find(({ name }) => name.startsWith(variable.name)) ?? alike[0];
  const { cube } = useCube(result, twin ?? variable, at, order, plane.sliders);
  return twin ? (cube?.texts ?? null) : null;
}

export interface HeatPartProps extends HeatViewProps {
  x: string;
  y: string;
  values: Float64Array;
  words: readonly string[] | null;
  unsure: readonly boolean[] | null;
  marked?: readonly boolean[] | null;
  /** What a hatched cell means. */
  hatched?: string;
  whole: Cube | null;
}

/** The map of numbers that are at hand. */
export function Heat(props: HeatPartProps) {
  const { result, variable, plane, x, y, values, words, theme, at, tall } = props;
  const { range, table } = props.view;
  const { hovered, selected, pins, hover, select, pin } = useSelection();
  const columns = useMemo(() => axisLabels(result, x), [result, x]);
  const shown = useShown(props, columns.length);
  const domain = useMemo(() => chosenDomain(values, ends(variable), range), [values, variable, range]);
  const overlay = useOverlay(shown, columns.length);
  const chosen = placeWithin(selected, result, x, y);
  const seen = placeWithin(hovered, result, x, y) ?? chosen;
  const index = seen ? seen.row * columns.length + seen.column : -1;
  const names = { rowName: inWords(y), columnName: inWords(x) };
  const title = valueTitle(variable);
  const square = plane.kind === "attention" || plane.kind === "matrix";
  const asCell = (place: Place | null) => place && { [y]: dataRow(shown, place.row), [x]: place.column };
  const asPlaces = (place: Place | null) => place && { ...at, ...asCell(place) };
  return (
    <>
      <div className="figure-head">
        <ReadOut {...props} seen={seen} word={words?.[index]} value={values[index]} />
        <ColourScale title={title} domain={domain} theme={theme} value={values[index]} />
      </div>
      {shown.order ? <Kept {...props} kept={shown.rows.length} /> : null}
      {table ? (
        <DataTable label={title} {...names} {...shown} columns={columns} />
      ) : (
        <div className={square ? "heat-row square" : "heat-row"}>
          <HeatCanvas
            label={`${title} by ${inWords(y)} and ${inWords(x)}`}
            {...{ domain, theme, columns, tall, square, ...names }}
            {...shown}
            words={overlay}
            textual={words !== null}
            bottomUp={BOTTOM_UP.has(y)}
            selected={drawnPlace(shown, chosen)}
            pins={pins.flatMap((one) => drawnPlace(shown, placeWithin(one, result, x, y)) ?? [])}
            lit={drawnLit(shown, litBy(hovered, x, y) ?? litBy(selected, x, y))}
            onSelect={(place) => select(asPlaces(place))}
            onPin={(place) => pin(asPlaces(place) ?? {})}
            onPoint={(place) => hover(asPlaces(place))}
          />
          <Overview {...props} domain={domain} />
        </div>
      )}
      {!table && shown.unsure?.some(Boolean) && (
        <p className="note muted">Hatched grey: {props.hatched ?? FROM_RANDOM}.</p>
      )}
    </>
  );
}

/** The rows that are drawn: all, or the strongest of an axis too long to read. */
function useShown({ result, y, values, words, unsure, marked, view }: HeatPartProps, columns: number): Shown {
  const { everyRow } = view;
  const rows = useMemo(() => axisLabels(result, y), [result, y]);
  return useMemo(() => {
    const many = rows.length > READABLE && !everyRow;
    return pick(
      { rows, values, words, unsure, marked: marked ?? null },
      columns,
      many ? strongest(values, rows.length, columns, KEPT) : null,
    );
  }, [rows, values, words, unsure, marked, columns, everyRow]);
}

function dataRow({ order }: Shown, row: number): number {
  return order?.[row] ?? row;
}

function drawnPlace({ order }: Shown, place: Place | null): Place | null {
  if (!order || !place) return place;
  const row = order.indexOf(place.row);
  return row < 0 ? null : { ...place, row };
}

function drawnLit({ order }: Shown, given: { column: number | null; row: number | null } | null) {
  const lit = given ?? DARK;
  if (!order || lit.row === null) return lit;
  const row = order.indexOf(lit.row);
  return { ...lit, row: row < 0 ? null : row };
}

/** Says how many rows of a long axis are drawn, and offers the others. */
function Kept({ result, y, kept, look }: HeatPartProps & { kept: number }) {
  return (
    <p className="note muted">
      The {kept} strongest of {number(result.dims[y])} {inWords(y)}s, by their largest magnitude in this
      slice.{" "}
      <button type="button" className="text-button" onClick={() => look({ everyRow: true })}>
        Show all
      </button>
    </p>
  );
}

/** Ends of a variable that stay the same while sliders move. */
export function ends({ minimum, maximum }: Variable): readonly [number, number] | null {
  return typeof minimum === "number" && typeof maximum === "number" ? [minimum, maximum] : null;
}

function useOverlay({ values, words, rows }: Shown, columns: number) {
  return useMemo(() => {
    if (columns > ROOM.columns || rows.length > ROOM.rows) return null;
    return words ? words.map(visible) : Array.from(values, cellNumber);
  }, [values, words, columns, rows]);
}

/** The cell that places name in this drawing, or null where they name none or one outside. */
function placeWithin(places: Selection | null, { dims }: Result, x: string, y: string): Place | null {
  const column = places?.[x];
  const row = places?.[y];
  if (column === undefined || row === undefined) return null;
  return column < (dims[x] ?? 0) && row < (dims[y] ?? 0) ? { column, row } : null;
}

/** A token of the prompt stands for the position, the query or the key of the same index. */
function tokenOf(axis: string): string | null {
  return ["position", "key", "query"].includes(axis) ? "position" : null;
}

/** Where a panel elsewhere points: a token of the prompt lights its column, or its row. */
function litBy(places: Selection | null, x: string, y: string) {
  if (!places) return null;
  if (places[x] !== undefined && places[y] !== undefined) return DARK;
  return { column: pointed(places, x, tokenOf(x)), row: pointed(places, y, tokenOf(y)) };
}

interface ReadOutProps extends HeatPartProps {
  seen: Place | null;
  word: string | undefined;
  value: number | undefined;
}

function ReadOut({ result, variable, x, y, seen, word, value }: ReadOutProps) {
  if (!seen)
    return <p className="read-out muted">Point at a cell, or move over the cells with the arrow keys.</p>;
  return (
    <p className="read-out" aria-live="polite">
      <span>{placeInWords(result, y, seen.row)}</span>
      <span>{placeInWords(result, x, seen.column)}</span>
      {word !== undefined && <span className="mono token-cell">{visible(word)}</span>}
      <b className="mono">
        {number(value)} {variable.units === "1" ? "" : variable.units}
      </b>
    </p>
  );
}

/** Thumbnails of every head of the layer on show, where the numbers are at hand. */
function Overview(props: HeatPartProps & { domain: ReturnType<typeof chosenDomain> }) {
  const { plane, whole, at, result, onMove, theme, domain } = props;
  const axis = plane.kind === "attention" ? plane.sliders.at(-1) : undefined;
  const values = useMemo(() => {
    if (!whole || axis === undefined || !whole.axes.includes(axis)) return null;
    const held = Object.fromEntries(
      plane.sliders.filter((other) => other !== axis).map((other) => [other, at[other] ?? 0]),
    );
    return turn(cut(whole, held), [axis, "query", "key"]).numbers;
  }, [whole, axis, plane, at]);
  const count = axis ? (result.dims[axis] ?? 1) : 1;
  if (!values || axis === undefined || count < 2) return null;
  return (
    <HeadThumbnails
      {...{ axis, values, count, domain, theme }}
      side={result.dims.key ?? 1}
      chosen={at[axis] ?? 0}
      onChoose={(index) => onMove(axis, index)}
    />
  );
}
