/** What one neuron did at every token so far: a bar a token, with the numbers behind. */
import { useRef } from "react";
import { useWidth } from "../figures/useWidth";
import { number, visible } from "../figures/words";
import { PageLink } from "../shell/PageLink";
import type { Feed, FeedToken } from "./feed";
import { type Unit, valueAt } from "./scene/statistics";

interface HistoryProps {
  feed: Feed;
  unit: Unit;
  tokens: readonly FeedToken[];
  cursor: number;
  onCursor: (position: number) => void;
  onClose: () => void;
}

const HEIGHT = 84;

/** Values of a neuron by token; NaN where a token's neurons are not kept. */
export function historyOf(feed: Feed, unit: Unit, tokens: readonly FeedToken[]): number[] {
  return tokens.map(({ position }) => {
    const activity = feed.at(position);
    return activity ? valueAt(activity, unit) : Number.NaN;
  });
}

export function History({ feed, unit, tokens, cursor, onCursor, onClose }: HistoryProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame) || 600;
  const values = historyOf(feed, unit, tokens);
  const address = `mlp_act.${unit.layer}.${unit.neuron}`;
  return (
    <section className="brain-history" aria-label={`${address} over the tokens`}>
      <header>
        <code>{address}</code>
        <span className="muted">activation at each token; now {number(values[cursor])}</span>
        <PageLink to="/unit" query={{ unit: address, panel: null, embed: null }} className="text-button">
          Open its page
        </PageLink>
        <button type="button" className="text-button" onClick={onClose}>
          Let go
        </button>
      </header>
      <div ref={frame}>
        <Bars {...{ address, values, tokens, cursor, onCursor, width }} />
      </div>
      <details>
        <summary>Its numbers as a table</summary>
        <div className="brain-table" tabIndex={0} role="region" aria-label={`Numbers of ${address}`}>
          <table>
            <tbody>
              <tr>
                {tokens.map(({ position, text }) => (
                  <th key={position} scope="col" className="mono">
                    {visible(text)}
                  </th>
                ))}
              </tr>
              <tr>
                {values.map((value, position) => (
                  <td key={position} data-value={value}>
                    {number(value)}
                  </td>
                ))}
              </tr>
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

interface BarsProps extends Pick<HistoryProps, "tokens" | "cursor" | "onCursor"> {
  address: string;
  values: readonly number[];
  width: number;
}

function Bars({ address, values, tokens, cursor, onCursor, width }: BarsProps) {
  const finite = values.filter(Number.isFinite);
  const high = Math.max(0, ...finite);
  const low = Math.min(0, ...finite);
  const span = high - low || 1;
  const [top, bottom, left] = [8, HEIGHT - 8, 48];
  const y = (value: number) => top + ((high - value) / span) * (bottom - top);
  const step = (width - left - 4) / Math.max(tokens.length, 1);
  return (
    <svg
      width={width}
      height={HEIGHT}
      role="img"
      aria-label={`${address} at each token; the table has its numbers`}
    >
      <text x={left - 6} y={top} className="brain-tick">
        {number(high)}
      </text>
      {low < 0 && (
        <text x={left - 6} y={bottom} className="brain-tick">
          {number(low)}
        </text>
      )}
      <line x1={left} x2={width} y1={y(0)} y2={y(0)} className="brain-zero" />
      {values.map((value, position) => (
        <g key={position} onClick={() => onCursor(position)}>
          <title>{`${visible(tokens[position]?.text ?? "")}: ${number(value)}`}</title>
          <rect x={left + position * step} y={0} width={step} height={HEIGHT} fill="transparent" />
          {Number.isFinite(value) && (
            <rect
              className={position === cursor ? "brain-bar now" : "brain-bar"}
              x={left + position * step + Math.min(1, step * 0.1)}
              y={Math.min(y(value), y(0))}
              width={Math.max(step - Math.min(2, step * 0.2), 0.5)}
              height={Math.max(Math.abs(y(value) - y(0)), 0.5)}
            />
          )}
        </g>
      ))}
    </svg>
  );
}
