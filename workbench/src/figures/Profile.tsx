/** One value along one axis: a line, with a band where the result carries an interval. */
import { useRef } from "react";
import { extent } from "../colour/domain";
import { useWidth } from "./useWidth";
import { type Label, number } from "./words";

export interface ProfileProps {
  label: string;
  values: ArrayLike<number>;
  /** Lower and upper ends by index. */
  band: { low: ArrayLike<number>; high: ArrayLike<number> } | null;
  /** What chance would give, by index. */
  chance: ArrayLike<number> | null;
  labels: readonly Label[];
  axisName: string;
  valueName: string;
  lit: number | null;
  onPoint: (index: number | null) => void;
  onPin: (index: number) => void;
}

const HEIGHT = 280;
const MARGIN = { left: 64, right: 12, top: 12, bottom: 52 };

export function Profile(props: ProfileProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame) || 640;
  const { values, band, chance, labels, lit, onPoint, onPin } = props;
  const { x, y, ticks } = scales(props, width);
  const points = Array.from(labels, (_, index) => ({ index, value: values[index] as number }));
  const seen = points.filter(({ value }) => Number.isFinite(value));
  const line = seen.map(({ index, value }) => `${x(index)},${y(value)}`).join(" ");
  return (
    <div className="profile" ref={frame}>
      <svg width={width} height={HEIGHT} role="img" aria-label={`${props.label}; the table has its numbers.`}>
        <Axes {...props} width={width} ticks={ticks} x={x} y={y} />
        {band &&
          stretches(band, labels.length).map((stretch) => (
            <polygon key={stretch[0]} className="band" points={outline(band, stretch, x, y)} />
          ))}
        {chance && <Chance chance={chance} x={x} y={y} />}
        <polyline className="line" points={line} />
        {seen.map(({ index, value }) => (
          <circle
            key={index}
            className={index === lit ? "dot lit-dot" : "dot"}
            cx={x(index)}
            cy={y(value)}
            r={index === lit ? 5 : 3}
            onPointerEnter={() => onPoint(index)}
            onPointerLeave={() => onPoint(null)}
            onClick={() => onPin(index)}
          >
            <title>{`${labels[index]?.text ?? index}: ${number(value)}`}</title>
          </circle>
        ))}
      </svg>
    </div>
  );
}

/** A dotted line at what chance would give, named at its right end. */
function Chance({ chance, x, y }: { chance: ArrayLike<number>; x: Scale; y: Scale }) {
  const known = Array.from(chance, (value, index) => ({ value, index })).filter(({ value }) =>
    Number.isFinite(value),
  );
  const end = known.at(-1);
  if (!end) return null;
  return (
    <g className="chance">
      <polyline points={known.map(({ value, index }) => `${x(index)},${y(value)}`).join(" ")} />
      <text x={x(end.index)} y={y(end.value) - 6} textAnchor="end">
        chance
      </text>
    </g>
  );
}

type Scale = (value: number) => number;

type Band = NonNullable<ProfileProps["band"]>;

/** Runs of places whose interval is known; nothing is drawn across a gap. */
export function stretches(band: Band, size: number): number[][] {
  const found: number[][] = [];
  for (let index = 0; index < size; index += 1) {
    if (!Number.isFinite(band.low[index]) || !Number.isFinite(band.high[index])) continue;
    const last = found.at(-1);
    if (last && last.at(-1) === index - 1) last.push(index);
    else found.push([index]);
  }
  return found;
}

function outline(band: Band, indices: readonly number[], x: Scale, y: Scale): string {
  const above = indices.map((index) => `${x(index)},${y(band.high[index] as number)}`);
  const below = indices.toReversed().map((index) => `${x(index)},${y(band.low[index] as number)}`);
  return [...above, ...below].join(" ");
}

function scales({ values, band, chance, labels }: ProfileProps, width: number) {
  const beside = [band?.low, band?.high, chance].flatMap((known) => (known ? Array.from(known) : []));
  const all = [...Array.from(values), ...beside];
  const ticks = niceTicks(...(extent(all) ?? [0, 1]));
  const low = ticks[0] ?? 0;
  const high = ticks.at(-1) ?? 1;
  const room = width - MARGIN.left - MARGIN.right;
  const x: Scale = (index) =>
    MARGIN.left + (labels.length > 1 ? (room * (index + 0.5)) / labels.length : room / 2);
  const y: Scale = (value) =>
    HEIGHT - MARGIN.bottom - ((value - low) / (high - low)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  return { x, y, ticks };
}

/** A few round numbers that span two ends. */
export function niceTicks(low: number, high: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const from = Math.floor(low / step + 1e-9);
  const to = Math.max(Math.ceil(high / step - 1e-9), from + 1);
  return Array.from({ length: to - from + 1 }, (_, index) => Number(((from + index) * step).toPrecision(12)));
}

interface AxesProps extends ProfileProps {
  width: number;
  ticks: number[];
  x: Scale;
  y: Scale;
}

function Axes({ width, ticks, labels, axisName, valueName, x, y }: AxesProps) {
  const longest = labels.reduce((most, { text }) => Math.max(most, text.length), 1);
  const every = Math.max(
    1,
    Math.ceil((labels.length * (longest * 7.5 + 8)) / (width - MARGIN.left - MARGIN.right)),
  );
  return (
    <g className="axes">
      {ticks.map((tick) => (
        <g key={tick}>
          <line
            x1={MARGIN.left}
            x2={width - MARGIN.right}
            y1={y(tick)}
            y2={y(tick)}
            className={tick === 0 ? "zero" : "tick"}
          />
          <text x={MARGIN.left - 8} y={y(tick)} textAnchor="end" dominantBaseline="middle">
            {number(tick)}
          </text>
        </g>
      ))}
      {labels.map(({ text, token }, index) =>
        index % every === 0 ? (
          <text
            key={index}
            x={x(index)}
            y={HEIGHT - MARGIN.bottom + 18}
            textAnchor="middle"
            className={token ? "mono" : ""}
          >
            {text}
          </text>
        ) : null,
      )}
      <text x={width / 2} y={HEIGHT - 8} textAnchor="middle" className="axis-text">
        {axisName}
      </text>
      <text
        transform={`translate(12 ${(HEIGHT - MARGIN.bottom) / 2}) rotate(-90)`}
        textAnchor="middle"
        className="axis-text"
      >
        {valueName}
      </text>
    </g>
  );
}
