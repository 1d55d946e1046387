/** The colouring measure of each pinned neuron over the steps, one line a neuron. */
import { useRef } from "react";
import { extent } from "../../colour/domain";
import { niceTicks } from "../../figures/Profile";
import { palette } from "../../figures/pointcolours";
import { useWidth } from "../../figures/useWidth";
import { number } from "../../figures/words";
import type { FilmProps } from "./Film";

const HEIGHT = 190;
const EDGE = { left: 52, right: 64, top: 8, bottom: 26 };

type Scale = (value: number) => number;

export function Traces(props: Omit<FilmProps, "xName" | "yName"> & { title: string }) {
  const { change, traced, step, theme, title } = props;
  const frame = useRef<HTMLElement>(null);
  const width = useWidth(frame) || 600;
  const size = change.names.length;
  const lines = traced.map((place) =>
    change.steps.map((_, at) => change.values[at * size + place] as number),
  );
  const ticks = niceTicks(...(extent(lines.flat()) ?? [0, 1]));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const last = Math.max(change.steps.length - 1, 1);
  const x: Scale = (at) => EDGE.left + (at / last) * (width - EDGE.left - EDGE.right);
  const y: Scale = (value) =>
    HEIGHT - EDGE.bottom - ((value - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const tones = palette(theme);
  return (
    <figure className="traces" ref={frame}>
      <figcaption className="note muted">
        {title} of the traced neurons, step by step (steps evenly spaced)
      </figcaption>
      <svg width={width} height={HEIGHT} role="img" aria-label={`${title} over the steps, one line a neuron`}>
        <Grid steps={change.steps} {...{ ticks, x, y }} />
        <line className="now" x1={x(step)} x2={x(step)} y1={EDGE.top} y2={HEIGHT - EDGE.bottom} />
        {lines.map((line, row) => (
          <Line
            key={traced[row]}
            name={change.names[traced[row] as number] ?? ""}
            tone={tones[row % tones.length] ?? ""}
            {...{ line, row, x, y }}
          />
        ))}
      </svg>
    </figure>
  );
}

function Grid({ steps, ticks, x, y }: { steps: readonly number[]; ticks: number[]; x: Scale; y: Scale }) {
  const every = Math.ceil(steps.length / 9);
  return (
    <g className="axes">
      {ticks.map((tick) => (
        <g key={tick}>
          <line
            className={tick === 0 ? "zero" : "tick"}
            x1={EDGE.left}
            x2={x(steps.length - 1)}
            y1={y(tick)}
            y2={y(tick)}
          />
          <text x={EDGE.left - 6} y={y(tick) + 4} textAnchor="end">
            {number(tick)}
          </text>
        </g>
      ))}
      {steps.map((name, at) =>
        at % every === 0 ? (
          <text key={name} x={x(at)} y={HEIGHT - 8} textAnchor="middle">
            {name.toLocaleString("en-GB")}
          </text>
        ) : null,
      )}
    </g>
  );
}

interface LineProps {
  name: string;
  tone: string;
  line: readonly number[];
  row: number;
  x: Scale;
  y: Scale;
}

/** One neuron's line, named at its end. */
function Line({ name, tone, line, row, x, y }: LineProps) {
  const known = line.map((value, at) => [at, value] as const).filter(([, value]) => Number.isFinite(value));
  const end = known.at(-1);
  return (
    <g>
      <polyline
        className="trace"
        stroke={tone}
        points={known.map(([at, value]) => `${x(at)},${y(value)}`).join(" ")}
      />
      {end && (
        <text x={x(end[0]) + 6} y={y(end[1]) + 4 - row * 13}>
          <tspan fill={tone}>● </tspan>
          {name}
        </text>
      )}
    </g>
  );
}
