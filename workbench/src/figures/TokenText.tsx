/** The text itself, each token tinted by its value. */
import { css, inkOn, shade, table } from "../colour/ramp";
import { type Domain, shareOf } from "../colour/domain";
import type { Theme } from "../state/address";
import { type Label, number } from "./words";

interface TokenTextProps {
  label: string;
  labels: readonly Label[];
  values: ArrayLike<number>;
  domain: Domain;
  theme: Theme;
  lit: number | null;
  onPoint: (index: number | null) => void;
}

export function TokenText({ label, labels, values, domain, theme, lit, onPoint }: TokenTextProps) {
  const lut = table(theme, domain.scale);
  return (
    <ol className="token-text" aria-label={label}>
      {labels.map(({ text }, index) => {
        const value = values[index] as number;
        const colour = Number.isFinite(value) ? shade(lut, shareOf(value, domain)) : null;
        return (
          <li
            key={index}
            className={index === lit ? "lit-token" : ""}
            style={colour ? { background: css(colour), color: inkOn(colour) } : undefined}
            title={`${text}: ${number(value)}`}
            data-value={value}
            onPointerEnter={() => onPoint(index)}
            onPointerLeave={() => onPoint(null)}
          >
            {text}
          </li>
        );
      })}
    </ol>
  );
}
