/** The legend of a colour scale: its units, the numbers at its ends, zero, and the value under the pointer. */
import { type Domain, shareOf } from "../colour/domain";
import { gradient } from "../colour/ramp";
import type { Theme } from "../state/theme";
import { number } from "./words";

interface ScaleProps {
  title: string;
  domain: Domain;
  theme: Theme;
  value?: number | null;
}

export function ColourScale({ title, domain, theme, value }: ScaleProps) {
  const clipped = domain.clipped > 0;
  const ends = { low: number(domain.low), high: number(domain.high) };
  return (
    <div
      className="scale"
      role="img"
      aria-label={`Colour scale of ${title}, from ${ends.low} to ${ends.high}`}
    >
      <span className="scale-title">{title}</span>
      <span className="scale-end" data-value={domain.low}>
        {clipped && domain.low < 0 ? "≤ " : ""}
        {ends.low}
      </span>
      <span className="scale-bar" style={{ background: gradient(theme, domain.scale, "to right") }}>
        {domain.scale === "signed" && (
          <i className="scale-zero" style={{ left: `${100 * shareOf(0, domain)}%` }} title="0" />
        )}
        {value !== null && value !== undefined && Number.isFinite(value) && (
          <i
            className="scale-value"
            style={{ left: `${100 * Math.min(Math.max(shareOf(value, domain), 0), 1)}%` }}
          />
        )}
      </span>
      <span className="scale-end" data-value={domain.high}>
        {clipped ? "≥ " : ""}
        {ends.high}
      </span>
      {clipped && <span className="scale-clipped">{domain.clipped} clipped</span>}
    </div>
  );
}
