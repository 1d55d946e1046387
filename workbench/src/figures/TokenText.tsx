/** The text itself, each token tinted by its value. */
import type { KeyboardEvent } from "react";
import { css, inkOn, shade, table } from "../colour/ramp";
import { type Domain, shareOf } from "../colour/domain";
import type { Theme } from "../state/theme";
import { type Label, number } from "./words";

interface TokenTextProps {
  label: string;
  labels: readonly Label[];
  values: ArrayLike<number>;
  domain: Domain;
  theme: Theme;
  lit: number | null;
  onPoint: (index: number | null) => void;
  onPin: (index: number) => void;
}

export function TokenText({ label, labels, values, domain, theme, lit, onPoint, onPin }: TokenTextProps) {
  const lut = table(theme, domain.scale);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Enter" && lit !== null) onPin(lit);
    if (!by) return;
    event.preventDefault();
    onPoint(Math.min(Math.max((lit ?? -by) + by, 0), labels.length - 1));
  };
  return (
    <ol
      className="token-text"
      tabIndex={0}
      aria-label={`${label}; arrow keys move along the tokens, Enter selects one`}
      onKeyDown={onKeyDown}
      onBlur={() => onPoint(null)}
      onClick={({ target }) => {
        const index = target instanceof HTMLElement ? target.closest("li")?.dataset.index : undefined;
        if (index !== undefined) onPin(Number(index));
      }}
    >
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
            data-index={index}
          >
            {text}
          </li>
        );
      })}
    </ol>
  );
}
