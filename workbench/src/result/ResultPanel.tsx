/** The answer on screen: which of its variables, at which places, drawn by its kind. */
import { SegmentedControl, Select } from "@mantine/core";
import { useMemo, useState } from "react";
import type { Result, Variable } from "../api/shapes";
import { capital, inWords, isText, number, visible } from "../figures/words";
import { Complaint, Panel } from "../shell/Panel";
import type { Range } from "../state/address";
import { useLab } from "../state/lab";
import { useTheme } from "../state/theme";
import { AxisSliders } from "./AxisSliders";
import { isCompanion } from "./companions";
import { HeatView } from "./HeatView";
import { LineView, RankingView } from "./ListView";
import { PanelMenu } from "./PanelMenu";
import { PictureView } from "./PictureView";
import { PinnedCell } from "./PinnedCell";
import { isPictured, planeOf, settle, settleCell, variableOf } from "./plane";

const RANGES = [
  { value: "all", label: "whole" },
  { value: "slice", label: "slice" },
  { value: "clip", label: "99 %" },
];

export function ResultPanel({ result, stale }: { result: Result; stale: string | null }) {
  const state = useLab((lab) => lab.state);
  const look = useLab((lab) => lab.look);
  const [full, setFull] = useState(false);
  const variable = variableOf(result, state.variable);
  if (!variable) return null;
  return (
    <Panel
      title={capital(inWords(result.analysis))}
      reading={readingOf(result, variable)}
      className={full ? "result full" : "result"}
      actions={
        <>
          <Choices result={result} variable={variable} />
          <PanelMenu result={result} full={full} onFull={() => setFull(!full)} />
        </>
      }
    >
      {stale && <p className="stale">{stale}</p>}
      {result.warning && <Complaint>{result.warning}</Complaint>}
      <Drawing result={result} variable={variable} tall={full ? Math.max(innerHeight - 260, 240) : 430} />
      <Foot
        result={result}
        drawn={isDrawn(result, variable)}
        onTable={() => look({ table: !state.table })}
        table={state.table}
      />
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

/** Which variable, and what the colours span. */
function Choices({ result, variable }: { result: Result; variable: Variable }) {
  const { range, table } = useLab(({ state }) => state);
  const pictured = isPictured(planeOf(result, variable));
  const look = useLab((lab) => lab.look);
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
          onChange={(name) =>
            name && look({ variable: name === result.variables[0]?.name ? "" : name, cell: null })
          }
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

interface DrawingProps {
  result: Result;
  variable: Variable;
  tall: number;
}

function Drawing({ result, variable, tall }: DrawingProps) {
  const { at: chosen, cell, table } = useLab(({ state }) => state);
  const look = useLab((lab) => lab.look);
  const theme = useTheme();
  const plane = useMemo(() => planeOf(result, variable), [result, variable]);
  const at = useMemo(() => settle(chosen, plane.sliders, result.dims), [chosen, plane, result]);
  const onMove = (axis: string, index: number) => look({ at: { ...chosen, [axis]: index } });
  const pinned = settleCell(cell, result.dims);
  const shared = { result, variable, plane, at, theme };
  const pictured = !table && isPictured(plane) && !isText(variable);
  const heat = !pictured && plane.x !== null && plane.y !== null && !isText(variable);
  return (
    <>
      <AxisSliders result={result} axes={plane.sliders} at={at} onMove={onMove} />
      <div
        className={pinned && heat ? "drawing with-pin" : "drawing"}
        data-analysis={result.analysis}
        data-kind={plane.kind}
        data-digest={result.digest}
        data-variable={variable.name}
        data-at={JSON.stringify(at)}
      >
        <div className="drawing-main">
          {pictured ? (
            <PictureView {...shared} kind={plane.kind} />
          ) : heat ? (
            <HeatView {...shared} tall={tall} onMove={onMove} />
          ) : plane.kind === "ranking" || isText(variable) ? (
            <RankingView {...shared} />
          ) : (
            <LineView {...shared} />
          )}
        </div>
        {pinned && heat && (
          <PinnedCell result={result} cell={pinned} at={at} onRelease={() => look({ cell: null })} />
        )}
      </div>
    </>
  );
}

interface FootProps {
  result: Result;
  /** What is shown is a drawing, so there is a table behind it. */
  drawn: boolean;
  table: boolean;
  onTable: () => void;
}

/** Sizes, provenance, and the switch between drawing and table. */
function Foot({ result, drawn, table, onTable }: FootProps) {
  const sizes = Object.entries(result.dims).map(([axis, size]) => `${inWords(axis)} ${size}`);
  const seconds = result.provenance.wall_seconds ?? result.provenance.seconds;
  return (
    <footer className="figure-foot">
      <span>{capital(sizes.join(" × "))}</span>
      <span className="mono" title="Digest of the values">
        {result.digest.slice(0, 12)}
      </span>
      {typeof seconds === "number" && <span>{number(seconds)} s to compute</span>}
      {drawn && (
        <button type="button" className="text-button" onClick={onTable}>
          {table ? "Drawing" : "Table"}
        </button>
      )}
    </footer>
  );
}
