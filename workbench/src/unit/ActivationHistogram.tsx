/** How a neuron's activations are distributed: counts on a log scale, with quantiles and the share above 0. */
import { useMemo, useRef } from "react";
import type { Result } from "../api/shapes";
import { DataTable } from "../figures/DataTable";
import { useWidth } from "../figures/useWidth";
import { number } from "../figures/words";
import type { Answered } from "../result/useAnswered";
import { useView } from "../result/view";
import { AskedPanel } from "./AskedPanel";
import type { Cubes } from "./asking";
import { type Bin, binsOf, numberIn } from "./record";

const SLOT = ".histogram";
const HEIGHT = 220;
const MARGIN = { left: 52, right: 12, top: 22, bottom: 40 };
/** Quantiles that are marked. */
const MARKED = [0.01, 0.1, 0.5, 0.9, 0.99];

interface HistogramProps {
  record: Answered;
  cubes: Cubes | null;
}

export function ActivationHistogram({ record, cubes }: HistogramProps) {
  const [{ table }, look] = useView(SLOT);
  return (
    <AskedPanel
      id="histogram"
      title="How active"
      reading={cubes ? shareInWords(cubes) : "counts of tokens by activation"}
      answered={record}
      tall={HEIGHT + 24}
    >
      {(result) =>
        cubes ? (
          <>
            {table ? <BinTable cubes={cubes} /> : <Bars record={result} cubes={cubes} />}
            <p className="figure-foot">
              <span>
                mean {number(numberIn(cubes, "mean"))} ({number(numberIn(cubes, "mean_low"))} to{" "}
                {number(numberIn(cubes, "mean_high"))}), n = {number(result.attrs.n_tokens as number)} tokens
                of {number(result.attrs.n_stretches as number)} stretches
              </span>
              <button type="button" className="text-button" onClick={() => look({ table: !table })}>
                {table ? "Drawing" : "Table"}
              </button>
            </p>
          </>
        ) : (
          <div className="skeleton" style={{ height: HEIGHT + 24 }} />
        )
      }
    </AskedPanel>
  );
}

function percent(share: number): string {
  return `${number(100 * share)} %`;
}

export function shareInWords(cubes: Cubes): string {
  const [share, low, high] = ["active", "active_low", "active_high"].map((name) => numberIn(cubes, name));
  return `above 0 at ${percent(share as number)} of tokens, 95 % interval ${percent(low as number)} to ${percent(high as number)}`;
}

function BinTable({ cubes }: { cubes: Cubes }) {
  const bins = binsOf(cubes).filter(({ count }) => count > 0);
  return (
    <DataTable
      label="Tokens by activation, bins without tokens left out"
      rowName="activation"
      columnName=""
      rows={bins.map(({ low, high }) => ({ text: `${number(low)} to ${number(high)}`, token: false }))}
      columns={[{ text: "tokens", token: false }]}
      values={bins.map(({ count }) => count)}
      words={null}
    />
  );
}

/** Where a value stands among bins drawn equally wide, in bins from the left. */
export function placeIn(bins: readonly Bin[], value: number): number {
  const at = bins.findLastIndex(({ low }) => low <= value);
  if (at < 0) return 0;
  const { low, high } = bins[at] as Bin;
  const within = Number.isFinite(low) && Number.isFinite(high) ? (value - low) / (high - low) : 0.5;
  return at + Math.min(within, 1);
}

/** Round values at edges of bins, such as −0.1, 0 and 1, that stand far enough apart. */
export function ticksOf(bins: readonly Bin[], room: number): number[] {
  const powers = Array.from({ length: 9 }, (_, step) => 10 ** (step - 4));
  const candidates = [0, ...powers.toReversed(), ...powers.toReversed().map((power) => -power)];
  const least = bins[0]?.high ?? 0;
  const most = bins.at(-1)?.low ?? 0;
  const kept: number[] = [];
  for (const value of candidates) {
    if (value < least || value > most) continue;
    const place = placeIn(bins, value);
    if (kept.every((other) => Math.abs(placeIn(bins, other) - place) >= room)) kept.push(value);
  }
  return kept;
}

function Bars({ record, cubes }: { record: Result; cubes: Cubes }) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame) || 420;
  const bins = useMemo(() => binsOf(cubes), [cubes]);
  const most = Math.max(...bins.map(({ count }) => count), 1);
  const wide = (width - MARGIN.left - MARGIN.right) / Math.max(bins.length, 1);
  const tall = HEIGHT - MARGIN.top - MARGIN.bottom;
  const floor = HEIGHT - MARGIN.bottom;
  const top = Math.log10(most) + 0.3;
  const x = (place: number) => MARGIN.left + place * wide;
  const y = (count: number) =>
    count <= 0 ? floor : floor - ((Math.log10(count) + 0.3) / (top + 0.3)) * tall;
  const shares = (record.coords.quantile?.values ?? []) as number[];
  return (
    <div className="unit-histogram" ref={frame}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label={`Histogram of activations; ${shareInWords(cubes)}; the table has its numbers.`}
      >
        <CountTicks most={most} width={width} y={y} />
        {bins.map(({ low, high, count }, bin) => (
          <rect
            key={bin}
            className={low >= 0 ? "above" : "below"}
            x={x(bin)}
            y={y(count)}
            width={Math.max(wide - 0.5, 0.5)}
            height={floor - y(count)}
            data-count={count}
          >
            <title>{`${number(low)} to ${number(high)}: ${number(count)} tokens`}</title>
          </rect>
        ))}
        <Marks {...{ bins, x, floor, marks: marksOf(shares, cubes), room: 30 / wide }} />
        <line className="floor" x1={MARGIN.left} x2={width - MARGIN.right} y1={floor} y2={floor} />
        {ticksOf(bins, 44 / wide).map((value) => (
          <text key={value} x={x(placeIn(bins, value))} y={floor + 15} textAnchor="middle">
            {number(value)}
          </text>
        ))}
        <text className="axis-text" x={width / 2} y={HEIGHT - 6} textAnchor="middle">
          activation (a.u.), eight bins a doubling
        </text>
        <text
          className="axis-text"
          transform={`translate(11 ${floor - tall / 2}) rotate(-90)`}
          textAnchor="middle"
        >
          tokens, log
        </text>
      </svg>
    </div>
  );
}

function CountTicks({ most, width, y }: { most: number; width: number; y: (count: number) => number }) {
  const powers = Array.from({ length: 8 }, (_, power) => 10 ** power);
  return powers
    .filter((count) => count <= most)
    .map((count) => (
      <g key={count}>
        <line className="tick" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(count)} y2={y(count)} />
        <text x={MARGIN.left - 6} y={y(count)} textAnchor="end" dominantBaseline="middle">
          {number(count)}
        </text>
      </g>
    ));
}

interface Mark {
  share: number;
  value: number;
}

function marksOf(shares: readonly number[], cubes: Cubes): Mark[] {
  return MARKED.flatMap((share) => {
    const value = cubes.quantiles?.numbers?.[shares.indexOf(share)];
    return value === undefined ? [] : [{ share, value }];
  });
}

interface MarksProps {
  bins: readonly Bin[];
  x: (place: number) => number;
  floor: number;
  marks: readonly Mark[];
  /** How many bins apart two labels have to be. */
  room: number;
}

/** Marks whose labels would not lie upon the one before. */
function labelled(bins: readonly Bin[], marks: readonly Mark[], room: number): ReadonlySet<number> {
  const kept: number[] = [];
  const shown = new Set<number>();
  for (const { share, value } of marks) {
    const place = placeIn(bins, value);
    if (kept.some((other) => Math.abs(other - place) < room)) continue;
    kept.push(place);
    shown.add(share);
  }
  return shown;
}

/** Lines at the quantiles; a label that finds no room is left to the pointer. */
function Marks({ bins, x, floor, marks, room }: MarksProps) {
  const shown = labelled(bins, marks, room);
  return (
    <g className="quantiles">
      {marks.map(({ share, value }) => {
        const at = x(placeIn(bins, value));
        return (
          <g key={share}>
            <line x1={at} x2={at} y1={MARGIN.top - 6} y2={floor}>
              <title>{`${number(100 * share)} % of tokens lie below ${number(value)}`}</title>
            </line>
            {shown.has(share) && (
              <text x={at} y={MARGIN.top - 10} textAnchor="middle">
                {number(100 * share)} %
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}
