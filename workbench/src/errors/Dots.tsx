/** Numbers of two groups on one axis, a dot each, one group above the other. */
import { useRef } from "react";
import { niceTicks } from "../figures/Profile";
import { useWidth } from "../figures/useWidth";
import { number } from "../figures/words";

interface DotsProps {
  label: string;
  rows: readonly { name: string; values: readonly number[] }[];
}

const TALL = 42;
const LEFT = 72;
const RIGHT = 24;
/** Dots that lie upon one another are spread over so many lines. */
const LINES = 6;

export function Dots({ label, rows }: DotsProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame) || 420;
  const all = rows.flatMap(({ values }) => values);
  if (all.length === 0) return <p className="muted note">No problem was asked at random.</p>;
  const ticks = niceTicks(Math.min(0, ...all), Math.max(0, ...all));
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number];
  const x = (at: number) => LEFT + ((at - low) / (high - low)) * (width - LEFT - RIGHT);
  const floor = rows.length * TALL + 4;
  return (
    <div className="errors-dots" ref={frame}>
      <svg
        width={width}
        height={floor + 22}
        role="img"
        aria-label={`${label}; ${rows.map(({ name, values }) => `${name}: ${spread(values)}`).join("; ")}`}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line className={tick === 0 ? "zero" : "tick"} x1={x(tick)} x2={x(tick)} y1={4} y2={floor} />
            <text x={x(tick)} y={floor + 15} textAnchor="middle">
              {number(tick)}
            </text>
          </g>
        ))}
        {rows.map(({ name, values }, row) => (
          <g key={name} data-group={name} data-n={values.length}>
            <text x={4} y={row * TALL + 28}>
              {name} ({values.length})
            </text>
            {values.map((value, at) => (
              <circle key={at} className={name} cx={x(value)} cy={row * TALL + 36 - (at % LINES) * 5} r={2.5}>
                <title>{number(value)}</title>
              </circle>
            ))}
          </g>
        ))}
      </svg>
      <p className="muted note">{label}, on the new problems that were drawn at random</p>
    </div>
  );
}

function spread(values: readonly number[]): string {
  if (values.length === 0) return "none";
  return `${values.length} from ${number(Math.min(...values))} to ${number(Math.max(...values))}`;
}
