/** The text as it grows: each token can be gone to; where two texts part, the tokens that differ are tinted. */
import { useMemo } from "react";
import { number } from "../figures/words";
import { Visible } from "../lab/TokenStrip";
import { pointed, useSelection } from "../state/selection";
import { parting, type Tape } from "./tape";

interface TextsProps {
  tapes: readonly Tape[];
  cursor: number;
  onSeek: (position: number) => void;
}

export function StreamTokens({ tapes, cursor, onSeek }: TextsProps) {
  const [one, other] = tapes;
  const part = useMemo(() => (one && other ? parting(one, other) : null), [one, other]);
  return (
    <div className="stream-texts">
      {tapes.map((tape, side) => (
        <TapeText
          key={side}
          tape={tape}
          beside={tapes[1 - side] ?? null}
          cursor={cursor}
          onSeek={onSeek}
          name={tape.start?.label || (tapes.length > 1 ? `stream ${side + 1}` : "")}
        />
      ))}
      {part !== null && (
        <p className="note muted" role="status">
          The texts part at token {part}.
        </p>
      )}
      {other && part === null && one?.end && other.end && (
        <p className="note muted" role="status">
          Both texts are the same, token by token.
        </p>
      )}
    </div>
  );
}

interface TextProps {
  tape: Tape;
  beside: Tape | null;
  cursor: number;
  name: string;
  onSeek: (position: number) => void;
}

function TapeText({ tape, beside, cursor, name, onSeek }: TextProps) {
  const hovered = useSelection((selecting) => selecting.hovered);
  const hover = useSelection((selecting) => selecting.hover);
  const select = useSelection((selecting) => selecting.select);
  const lit = pointed(hovered, "position", "query", "key");
  const compared = beside !== null && beside.tokens.length > 0;
  return (
    <div className="stream-text">
      {name && <h3>{name}</h3>}
      <p className="mono stream-line" aria-live="polite" aria-atomic="false">
        {tape.tokens.map(({ position, id, text, written, log_probability }, index) => {
          const differs = compared && written && beside.tokens[index]?.id !== id;
          const classes = [
            "stream-token",
            written ? "written" : "",
            differs ? "parted" : "",
            position === cursor ? "at-cursor" : "",
            position === lit ? "lit-token" : "",
          ];
          return (
            <button
              key={position}
              type="button"
              tabIndex={-1}
              className={classes.filter(Boolean).join(" ")}
              aria-current={position === cursor ? "true" : undefined}
              title={told(position, log_probability)}
              data-position={position}
              onClick={() => {
                onSeek(position);
                select({ position });
              }}
              onPointerEnter={() => hover({ position })}
              onPointerLeave={() => hover(null)}
            >
              <Visible text={text} />
            </button>
          );
        })}
      </p>
    </div>
  );
}

function told(position: number, logProbability: number | null): string {
  if (logProbability === null) return `position ${position}`;
  return `position ${position}, probability ${number(Math.exp(logProbability))}`;
}
