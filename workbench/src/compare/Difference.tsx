/** A − B: the third panel, drawn by the same rules as the other two, or one sentence why there is none. */
import { useMemo } from "react";
import type { Result, Selection, Variable } from "../api/shapes";
import { extent } from "../colour/domain";
import { number, valueTitle } from "../figures/words";
import { isPictured, type Plane, planeOf, settle, variableOf } from "../result/plane";
import { useView } from "../result/view";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { type Aligned, align, described, type Interval, kept, minus, overlapping, summary } from "./subtract";
import { Drawn } from "./Drawn";
import { type SideSlice, useSide } from "./useSide";

interface DifferenceProps {
  a: Result | null;
  b: Result | null;
  names: readonly [string, string];
  slot: string;
}

export const TITLE = "Difference, A − B";

export function Difference({ a, b, names, slot }: DifferenceProps) {
  const [view] = useView(slot);
  const reading = `${names[0]} less ${names[1]}`;
  const found = useMemo(() => (a && b ? laid(a, b, view.variable) : null), [a, b, view.variable]);
  if (!a || !b || !found || typeof found === "string")
    return (
      <Panel id="difference" title={TITLE} reading={reading}>
        <Empty>
          <span data-none={typeof found === "string" ? true : undefined}>
            {typeof found === "string" ? found : "The difference is drawn as soon as both sides are there."}
          </span>
        </Empty>
      </Panel>
    );
  return <Subtracted a={a} b={b} aligned={found.aligned} plane={found.plane} reading={reading} slot={slot} />;
}

interface Laid {
  aligned: Aligned;
  plane: Plane;
}

/** How the cells of two answers correspond and are laid out, or one sentence why they do not. */
function laid(a: Result, b: Result, wanted: string): Laid | string {
  const variable = variableOf(a, wanted);
  if (!variable) return "A holds no variable.";
  const plane = planeOf(a, variable);
  if (isPictured(plane) && plane.kind !== "tokens")
    return "Places on a picture of this kind do not correspond between two answers; choose another variable.";
  const aligned = align(a, b, variable.name);
  return typeof aligned === "string" ? aligned : { aligned, plane };
}

interface SubtractedProps extends Laid {
  a: Result;
  b: Result;
  reading: string;
  slot: string;
}

function Subtracted({ a, b, aligned, plane, reading, slot }: SubtractedProps) {
  const [view, look] = useView(slot);
  const order = useMemo(() => [plane.y, plane.x].filter((axis) => axis !== null), [plane]);
  const at = useMemo(() => settle(view.at, plane.sliders, a.dims), [view.at, plane, a]);
  const there = useMemo(() => moved(at, aligned), [at, aligned]);
  const mine = useSide(a, aligned.variable.name, plane, at, order);
  const theirs = useSide(b, aligned.variable.name, plane, there ?? at, order);
  const left = useMemo(() => remainder(mine, theirs, aligned), [mine, theirs, aligned]);
  const unsure = useMemo(
    () => overlapping(part(mine, order, aligned, 0), part(theirs, order, aligned, 1)),
    [mine, theirs, order, aligned],
  );
  const reach = view.range === "slice" ? left?.sliceReach : left?.reach;
  const [result, variable] = useMemo(() => described(a, aligned, reach ?? 1), [a, aligned, reach]);
  const failure = mine.failure ?? theirs.failure;
  return (
    <Panel
      id="difference"
      title={TITLE}
      reading={reading}
      className="result"
      actions={
        <button type="button" className="text-button" onClick={() => look({ table: !view.table })}>
          {view.table ? "Drawing" : "Table"}
        </button>
      }
    >
      {failure && <Complaint>{failure.message}</Complaint>}
      {there === null && <Empty>This place of the sliders is not on both sides.</Empty>}
      {!failure && there && !left && <div className="skeleton" style={{ height: 280 }} />}
      {!failure && there && left && (
        <div
          className="difference-drawn"
          data-digests={`${a.digest} ${b.digest}`}
          data-variable={variable.name}
          data-at={JSON.stringify(at)}
        >
          <p className="difference-summary" aria-live="polite">
            {summary(result, left.a.axes, left.a, left.b)}
          </p>
          <Drawn {...{ result, variable, plane, at, left, unsure, view, look }} />
          <Notes
            notes={aligned.notes}
            unsure={unsure}
            variable={aligned.variable}
            size={left.cube.numbers?.length ?? 0}
          />
        </div>
      )}
    </Panel>
  );
}

/** Where the sliders of the second answer stand; null where it has no such place. */
function moved(at: Selection, { match }: Aligned): Selection | null {
  const entries = Object.entries(at).map(([axis, index]) => {
    const pairs = match[axis];
    return [axis, pairs ? pairs.find(([mine]) => mine === index)?.[1] : index] as const;
  });
  return entries.every(([, index]) => index !== undefined)
    ? (Object.fromEntries(entries) as Selection)
    : null;
}

/** What is left of a slice, and how far it and all that was read reach from zero. */
function remainder(mine: SideSlice, theirs: SideSlice, { match }: Aligned) {
  if (!mine.cube?.numbers || !theirs.cube?.numbers) return null;
  const [a, b] = [kept(mine.cube, match, 0), kept(theirs.cube, match, 1)];
  const cube = minus(a, b);
  const whole =
    mine.whole && theirs.whole && mine.whole.axes.length === theirs.whole.axes.length
      ? minus(kept(mine.whole, match, 0), kept(theirs.whole, match, 1))
      : null;
  const sliceReach = reachOf(cube.numbers ?? []);
  return { a, b, cube, whole, sliceReach, reach: whole ? reachOf(whole.numbers ?? []) : sliceReach };
}

export type Remainder = NonNullable<ReturnType<typeof remainder>>;

function reachOf(values: ArrayLike<number>): number {
  const [low, high] = extent(values) ?? [0, 0];
  return Math.max(Math.abs(low), Math.abs(high)) || 1;
}

/** The interval of one side at the places that both have. */
function part(side: SideSlice, axes: readonly string[], { match }: Aligned, which: 0 | 1): Interval | null {
  const { cube, interval } = side;
  if (!cube || !interval) return null;
  const over = (ends: ArrayLike<number>) =>
    kept({ axes, shape: cube.shape, numbers: Float64Array.from(ends), texts: null }, match, which).numbers ??
    [];
  return { low: over(interval.low), high: over(interval.high) };
}

interface NotesProps {
  notes: readonly string[];
  unsure: readonly boolean[] | null;
  variable: Variable;
  size: number;
}

/** How places were matched, and what the intervals say. */
function Notes({ notes, unsure, variable, size }: NotesProps) {
  const many = unsure?.filter(Boolean).length;
  return (
    <>
      {notes.map((note) => (
        <p key={note} className="note muted">
          {note}
        </p>
      ))}
      {many !== undefined && (
        <p className="note muted" data-overlapping={many}>
          At {number(many)} of {number(size)} places the intervals of A and B overlap: not distinguishable by
          them. This is the intervals&rsquo; overlap, not a test.
        </p>
      )}
      {many === undefined && (
        <p className="note muted">
          {valueTitle(variable)} carries no interval on both sides, so how sure the difference is is not
          known.
        </p>
      )}
    </>
  );
}
