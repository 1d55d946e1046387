/** An answer on screen: which of its variables, at which places, drawn by its kind. */
import { SegmentedControl, Select } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useMemo } from "react";
import type { Result, Variable } from "../api/shapes";
import { jobOf } from "../api/unfinished";
import { capital, inWords, isText, number, visible } from "../figures/words";
import { Complaint, Panel, useTall } from "../shell/Panel";
import { useOnScreen } from "../state/screen";
import { useSelection } from "../state/selection";
import { useTheme } from "../state/theme";
import { AxisSliders } from "./AxisSliders";
import { isCompanion } from "./companions";
import { ExportItems } from "./ExportItems";
import { HeatView } from "./HeatView";
import { LineView, RankingView } from "./ListView";
import { SelectedCell } from "./SelectedCell";
import { isPictured, planeOf, settle, settleCell, variableOf } from "./plane";
import { type Range, useView } from "./view";

const PlotlyView = lazy(() => import("./PlotlyView"));

const RANGES = [
  { value: "all", label: "whole" },
  { value: "slice", label: "slice" },
  { value: "clip", label: "99 %" },
];

export interface ResultPanelProps {
  /** Name of the panel in the address. */
  id: string;
  /** What its view's keys in the query end in. */
  slot: string;
  result: Result;
  title?: string;
  actions?: ReactNode;
  menu?: ReactNode;
  /** Why what is shown is not the latest question's answer. */
  stale?: string | null;
  tall?: number;
  children?: ReactNode;
}

export function ResultPanel(props: ResultPanelProps) {
  const { id, slot, result, title, actions, menu, stale, tall = 430, children } = props;
  const [view] = useView(slot);
  const variable = variableOf(result, view.variable);
  useOnScreen(id, result, variable);
  if (!variable) return null;
  return (
    <Panel
      id={id}
      title={title ?? capital(inWords(result.analysis))}
      reading={readingOf(result, variable)}
      className="result"
      actions={
        <>
          <Choices result={result} variable={variable} slot={slot} />
          {actions}
        </>
      }
      menu={
        <>
          {!jobOf(result.digest) && <ExportItems result={result} />}
          {menu}
        </>
      }
    >
      {stale && <p className="stale">{stale}</p>}
      {result.warning && <Complaint>{result.warning}</Complaint>}
      <Drawing result={result} variable={variable} slot={slot} tall={tall} />
      <Foot result={result} drawn={isDrawn(result, variable)} slot={slot} />
      {children}
    </Panel>
  );
}

function readingOf(result: Result, variable: Variable): string {
  const metric =
    typeof result.attrs.clean_metric === "number" && typeof result.attrs.corrupt_metric === "number";
  const ends = metric
    ? ` Clean ${number(result.attrs.clean_metric as number)}, corrupt ${number(result.attrs.corrupt_metric as number)}.`
    : "";
  const pair =
    typeof result.attrs.target === "string" && typeof result.attrs.distractor === "string"
      ? ` Target ${visible(result.attrs.target)}, distractor ${visible(result.attrs.distractor)}.`
      : "";
  const words = variable.meaning || variable.long_name || inWords(variable.name);
  return ends || pair ? `${words.replace(/\.$/, "")}.${ends}${pair}` : words;
}

/** A ranking and text are lists already; everything else is drawn. */
function isDrawn(result: Result, variable: Variable): boolean {
  return !isText(variable) && planeOf(result, variable).kind !== "ranking";
}

interface PartProps {
  result: Result;
  variable: Variable;
  slot: string;
}

/** Which variable, and what the colours span. */
function Choices({ result, variable, slot }: PartProps) {
  const [{ range, table }, look] = useView(slot);
  const pictured = isPictured(planeOf(result, variable));
  const drawn = useMemo(
    () =>
      result.variables.filter(
        (other) => other === variable || (!isOverlay(result, other) && !isCompanion(result, other)),
      ),
    [result, variable],
  );
  return (
    <>
      {drawn.length > 1 && (
        <Select
          size="xs"
          aria-label="Variable"
          className="variable-choice"
          data={drawn.map(({ name }) => ({ value: name, label: inWords(name) }))}
          value={variable.name}
          allowDeselect={false}
          onChange={(name) => name && look({ variable: name === result.variables[0]?.name ? "" : name })}
        />
      )}
      {isDrawn(result, variable) && (table || !pictured) && (
        <SegmentedControl
          size="xs"
          aria-label="What the colours span"
          data={RANGES}
          value={range}
          onChange={(value) => look({ range: value as Range })}
        />
      )}
    </>
  );
}

/** Text that is shown inside the cells of a number over the same axes, not on its own. */
function isOverlay(result: Result, variable: Variable): boolean {
  const same = (other: Variable) => !isText(other) && other.axes.join() === variable.axes.join();
  return isText(variable) && variable.axes.length > 1 && result.variables.some(same);
}

function Drawing({ result, variable, slot, tall }: PartProps & { tall: number }) {
  const [view, look] = useView(slot);
  const { selected, select } = useSelection();
  const theme = useTheme();
  const height = useTall(tall);
  const plane = useMemo(() => planeOf(result, variable), [result, variable]);
  const at = useMemo(() => settle(view.at, plane.sliders, result.dims), [view.at, plane, result]);
  const onMove = (axis: string, index: number) => look({ at: { ...view.at, [axis]: index } });
  const cell = settleCell(selected, plane, result.dims);
  const shared = { result, variable, plane, at, theme };
  const pictured = !view.table && isPictured(plane) && !isText(variable);
  const heat = !pictured && plane.x !== null && plane.y !== null && !isText(variable);
  return (
    <>
      <AxisSliders result={result} axes={plane.sliders} at={at} onMove={onMove} />
      <div
        className={cell && heat ? "drawing with-pin" : "drawing"}
        data-analysis={result.analysis}
        data-kind={plane.kind}
        data-digest={result.digest}
        data-variable={variable.name}
        data-at={JSON.stringify(at)}
      >
        <div className="drawing-main">
          {pictured ? (
            <Suspense fallback={<div className="plot skeleton" />}>
              <PlotlyView {...shared} kind={plane.kind} />
            </Suspense>
          ) : heat ? (
            <HeatView {...shared} tall={height} view={view} look={look} onMove={onMove} />
          ) : plane.kind === "ranking" || isText(variable) ? (
            <RankingView {...shared} />
          ) : (
            <LineView {...shared} view={view} />
          )}
        </div>
        {cell && heat && <SelectedCell result={result} cell={cell} at={at} onRelease={() => select(null)} />}
      </div>
    </>
  );
}

interface FootProps {
  result: Result;
  /** What is shown is a drawing, so there is a table behind it. */
  drawn: boolean;
  slot: string;
}

/** Sizes, provenance, and the switch between drawing and table. */
function Foot({ result, drawn, slot }: FootProps) {
  const [{ table }, look] = useView(slot);
  const sizes = Object.entries(result.dims).map(([axis, size]) => `${inWords(axis)} ${size}`);
  const seconds = result.provenance.wall_seconds ?? result.provenance.seconds;
  return (
    <footer className="figure-foot">
      <span>{capital(sizes.join(" × "))}</span>
      {jobOf(result.digest) ? (
        <span>so far</span>
      ) : (
        <a className="mono digest" title="Where it came from" href={`/results?result=${result.digest}`}>
          {result.digest.slice(0, 12)}
        </a>
      )}
      {typeof seconds === "number" && <span>{number(seconds)} s to compute</span>}
      {drawn && (
        <button type="button" className="text-button" onClick={() => look({ table: !table })}>
          {table ? "Drawing" : "Table"}
        </button>
      )}
    </footer>
  );
}
