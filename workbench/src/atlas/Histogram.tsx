/** Counts in bins as bars, with what chance gives as a line in its band. */
import { useRef } from "react";
import { useWidth } from "../figures/useWidth";
import { number } from "../figures/words";

interface HistogramProps {
  title: string;
  note: string;
  counts: ArrayLike<number>;
  chance: { mean: ArrayLike<number>; low: ArrayLike<number>; high: ArrayLike<number> };
  /** Lower edge of each bin, evenly spaced. */
  edges: ArrayLike<number>;
  /** Count at the upper edge, the same beside one another. */
  top: number;
}

const HEIGHT = 120;
const FOOT = 18;

export function Histogram({ title, note, counts, chance, edges, top }: HistogramProps) {
  const frame = useRef<HTMLElement>(null);
  const width = useWidth(frame) || 240;
  const bins = counts.length;
  const x = (bin: number) => (bin * width) / bins;
  const y = (count: number) => HEIGHT - FOOT - (count / top) * (HEIGHT - FOOT - 4);
  const known = Number.isFinite(chance.mean[0]);
  const places = Array.from({ length: bins }, (_, bin) => bin);
  const end = (edges[bins - 1] as number) + (edges[1] as number) - (edges[0] as number);
  return (
    <figure className="histogram" ref={frame}>
      <figcaption>
        <b>{title}</b> <span className="muted">{note}</span>
      </figcaption>
      <svg width={width} height={HEIGHT} role="img" aria-label={`${title}: ${note}`}>
        {places.map((bin) => {
          const count = counts[bin] as number;
          return (
            <rect
              key={bin}
              className="count"
              x={x(bin)}
              y={y(count)}
              width={width / bins - 1}
              height={y(0) - y(count)}
            >
              <title>{`${number(edges[bin])} and above: ${number(count)}`}</title>
            </rect>
          );
        })}
        {known && (
          <>
            <polygon
              className="chance-band"
              points={[
                ...places.map((bin) => `${x(bin + 0.5)},${y(chance.high[bin] as number)}`),
                ...places.toReversed().map((bin) => `${x(bin + 0.5)},${y(chance.low[bin] as number)}`),
              ].join(" ")}
            />
            <polyline
              className="chance-line"
              points={places.map((bin) => `${x(bin + 0.5)},${y(chance.mean[bin] as number)}`).join(" ")}
            />
          </>
        )}
        <line className="floor" x1={0} x2={width} y1={y(0)} y2={y(0)} />
        <text x={0} y={HEIGHT - 4}>
          {number(edges[0])}
        </text>
        <text x={width} y={HEIGHT - 4} textAnchor="end">
          {number(end)}
        </text>
      </svg>
    </figure>
  );
}
