/** One number on an axis: its interval as a whisker, what chance gives as dots, 0 marked. */
import { useRef } from "react";
import { niceTicks } from "../figures/Profile";
import { useWidth } from "../figures/useWidth";
import { number } from "../figures/words";

interface StripProps {
  label: string;
  value: number;
  ends: readonly [number, number] | null;
  /** What as many random draws gave. */
  drawn: readonly number[];
  drawnAs: string;
  /** It cannot be told from chance. */
  unsure: boolean;
}

const HEIGHT = 74;
const AXIS = 50;
const SIDE = 28;
/** Dots that lie upon one another are spread over so many rows. */
const ROWS = 6;

export function Strip({ label, value, ends, drawn, drawnAs, unsure }: StripProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame) || 420;
  const all = [0, value, ...(ends ?? []), ...drawn].filter(Number.isFinite);
  const ticks = niceTicks(Math.min(...all), Math.max(...all));
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number];
  const x = (at: number) => SIDE + ((at - low) / (high - low)) * (width - 2 * SIDE);
  const said = [
    `${label}: ${number(value)}`,
    ends && `interval ${number(ends[0])} to ${number(ends[1])}`,
    drawn.length > 0 &&
      `${drawn.length} ${drawnAs} from ${number(Math.min(...drawn))} to ${number(Math.max(...drawn))}`,
    unsure && "not distinguishable from random",
  ];
  return (
    <div className={unsure ? "unit-strip unsure" : "unit-strip"} ref={frame}>
      <svg width={width} height={HEIGHT} role="img" aria-label={said.filter(Boolean).join("; ")}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line className={tick === 0 ? "zero" : "tick"} x1={x(tick)} x2={x(tick)} y1={8} y2={AXIS} />
            <text x={x(tick)} y={AXIS + 15} textAnchor="middle">
              {number(tick)}
            </text>
          </g>
        ))}
        <line className="floor" x1={SIDE} x2={width - SIDE} y1={AXIS} y2={AXIS} />
        {drawn.map((one, at) => (
          <circle key={at} className="drawn" cx={x(one)} cy={AXIS - 5 - (at % ROWS) * 3} r={2}>
            <title>{number(one)}</title>
          </circle>
        ))}
        {ends && <line className="ends" x1={x(ends[0])} x2={x(ends[1])} y1={20} y2={20} />}
        <circle className="value" cx={x(value)} cy={20} r={4.5} />
      </svg>
    </div>
  );
}
