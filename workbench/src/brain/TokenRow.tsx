/** The tokens so far in one line: a click or the arrow keys choose whose neurons are shown. */
import { type KeyboardEvent, useEffect, useRef } from "react";
import { visible } from "../figures/words";
import type { FeedToken } from "./feed";

interface RowProps {
  tokens: readonly FeedToken[];
  cursor: number;
  lit: number | null;
  onCursor: (position: number) => void;
  onPoint: (position: number | null) => void;
}

export function TokenRow({ tokens, cursor, lit, onCursor, onPoint }: RowProps) {
  const row = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const shown = row.current?.querySelector<HTMLElement>("[aria-selected=true]");
    if (row.current && shown) reveal(row.current, shown);
  }, [cursor, tokens.length]);
  const onKeyDown = (event: KeyboardEvent) => {
    const last = tokens.length - 1;
    const to = { ArrowRight: cursor + 1, ArrowLeft: cursor - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onCursor(Math.min(Math.max(to, 0), last));
  };
  return (
    <div
      ref={row}
      className="brain-tokens"
      role="listbox"
      tabIndex={0}
      aria-label="Tokens; arrow keys choose whose neurons are shown"
      aria-orientation="horizontal"
      aria-activedescendant={tokens.length > 0 ? `brain-token-${cursor}` : undefined}
      onKeyDown={onKeyDown}
      onPointerLeave={() => onPoint(null)}
    >
      {tokens.map(({ position, text, generated }) => (
        <div
          key={position}
          id={`brain-token-${position}`}
          role="option"
          tabIndex={-1}
          aria-selected={position === cursor}
          className={["brain-token", generated && "generated", position === lit && "lit-token"]
            .filter(Boolean)
            .join(" ")}
          data-position={position}
          title={`token ${position}${generated ? ", written by the model" : ", of the prompt"}`}
          onClick={() => onCursor(position)}
          onKeyDown={onKeyDown}
          onPointerEnter={() => onPoint(position)}
        >
          {visible(text)}
        </div>
      ))}
    </div>
  );
}

/** Scrolls the row, and never the page, until a token is in sight. */
function reveal(row: HTMLElement, token: HTMLElement): void {
  const [left, right] = [token.offsetLeft, token.offsetLeft + token.offsetWidth];
  if (left < row.scrollLeft) row.scrollLeft = left - 24;
  else if (right > row.scrollLeft + row.clientWidth) row.scrollLeft = right - row.clientWidth + 24;
}
