/** The last readings of a rule, with its threshold as a line. */
import type { MonitorRule } from "../api/shapes";

interface SparklineProps {
  readings: MonitorRule["readings"];
  threshold: number;
  label: string;
}

const WIDTH = 120;
const HEIGHT = 24;
const EDGE = 2;

/** Points of the line in pixels, and how high the threshold lies; it is in view only where values come near. */
export function drawn(values: readonly number[], threshold: number): { points: string; line: number | null } {
  const high = Math.max(...values);
  const low = Math.min(...values);
  const near = threshold <= high + 2 * (high - low) && threshold >= low - 2 * (high - low);
  const [bottom, top] = near ? [Math.min(low, threshold), Math.max(high, threshold)] : [low, high];
  const height = (value: number) =>
    top === bottom ? HEIGHT / 2 : HEIGHT - EDGE - ((value - bottom) / (top - bottom)) * (HEIGHT - 2 * EDGE);
  const step = values.length > 1 ? (WIDTH - 2 * EDGE) / (values.length - 1) : 0;
  const points = values.map((value, index) => `${EDGE + index * step},${height(value).toFixed(1)}`).join(" ");
  return { points, line: near ? height(threshold) : null };
}

export function Sparkline({ readings, threshold, label }: SparklineProps) {
  const values = readings.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length < 2) return <span className="muted">too few readings</span>;
  const { points, line } = drawn(values, threshold);
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {line !== null && <line x1={0} x2={WIDTH} y1={line} y2={line} className="limit" />}
      <polyline points={points} />
    </svg>
  );
}
