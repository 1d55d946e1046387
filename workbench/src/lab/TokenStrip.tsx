/** The prompt and its twin as the model sees them: tokens in columns, what differs tinted. */
import { type KeyboardEvent, useMemo, useState } from "react";
import type { Token, Tokens } from "../api/shapes";
import { visible } from "../figures/words";
import { pointed, useSelection } from "../state/selection";
import { align, differing, type Pair } from "./alignment";

interface StripProps {
  clean: Tokens;
  corrupt: Tokens | null;
}

export function TokenStrip({ clean, corrupt }: StripProps) {
  const pairs = useMemo(() => align(clean.tokens, corrupt?.tokens ?? null), [clean, corrupt]);
  const { hovered, selected, hover: point, select } = useSelection();
  const [cursor, setCursor] = useState(0);
  const lit = pointed(hovered, ...TOKEN) ?? pointed(selected, ...TOKEN);
  const selectAt = (position: number | null) => select(position === null ? null : { position });
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") {
      point(null);
      select(null);
    }
    if (event.key === "Enter") selectAt(pairs[cursor]?.position ?? null);
    if (!by) return;
    event.preventDefault();
    const next = Math.min(Math.max(cursor + by, 0), pairs.length - 1);
    setCursor(next);
    const position = pairs[next]?.position ?? null;
    point(position === null ? null : { position });
  };
  return (
    <ol
      className={corrupt ? "strip twin" : "strip"}
      tabIndex={0}
      aria-label="Tokens of the prompt; arrow keys move along them, Enter selects one"
      onKeyDown={onKeyDown}
      onClick={({ target }) => selectAt(positionOf(target))}
      onBlur={() => point(null)}
      onPointerLeave={() => point(null)}
    >
      {pairs.map((pair, column) => (
        <Column
          key={column}
          pair={pair}
          twin={corrupt !== null}
          lit={pair.position !== null && pair.position === lit}
          onPoint={() => point(pair.position === null ? null : { position: pair.position })}
        />
      ))}
    </ol>
  );
}

/** Axes whose index is that of a token. */
const TOKEN = ["position", "key", "query"] as const;

/** Position of the token that was clicked. */
function positionOf(target: EventTarget): number | null {
  const text =
    target instanceof Element ? target.closest<HTMLElement>("[data-position]")?.dataset.position : "";
  return text ? Number(text) : null;
}

interface ColumnProps {
  pair: Pair;
  twin: boolean;
  lit: boolean;
  onPoint: () => void;
}

function Column({ pair, twin, lit, onPoint }: ColumnProps) {
  const names = ["strip-column", pair.differs && twin ? "differs" : "", lit ? "lit-token" : ""];
  return (
    <li
      className={names.filter(Boolean).join(" ")}
      onPointerEnter={onPoint}
      data-position={pair.position ?? undefined}
    >
      <span className="strip-index" aria-hidden="true">
        {pair.position ?? "–"}
      </span>
      <TokenBox token={pair.clean} kind="clean" />
      {twin && <TokenBox token={pair.corrupt} kind="corrupt" />}
    </li>
  );
}

function TokenBox({ token, kind }: { token: Token | null; kind: "clean" | "corrupt" }) {
  if (!token) return <span className={`token gap ${kind}`}>∅</span>;
  return (
    <span className={`token ${kind}`} data-token={token.text} title={`token ${token.id}`}>
      <Visible text={token.text} />
    </span>
  );
}

/** Token text whose spaces and line ends are paler than its letters. */
export function Visible({ text }: { text: string }) {
  const parts = text.split(/(\s+)/).filter((part) => part !== "");
  if (parts.length === 0) return <i className="space">∅</i>;
  return parts.map((part, index) =>
    /^\s+$/.test(part) ? (
      <i key={index} className="space">
        {visible(part)}
      </i>
    ) : (
      <span key={index}>{part}</span>
    ),
  );
}

function counted(count: number): string {
  return count === 1 ? "1 token differs" : `${count} tokens differ`;
}

/** Counts of the strip in one line, and what patching needs. */
export function StripFoot({ clean, corrupt }: StripProps) {
  const pairs = useMemo(() => align(clean.tokens, corrupt?.tokens ?? null), [clean, corrupt]);
  const length = clean.tokens.length;
  const other = corrupt?.tokens.length;
  return (
    <p className="strip-foot">
      <span>
        {length} of {clean.n_positions} positions
      </span>
      {other !== undefined && other === length && <span>{counted(differing(pairs))}</span>}
      {other !== undefined && other !== length && (
        <span className="warning" role="status">
          The twin has {other} tokens and the prompt {length}: patching needs the same number, so reword one.
        </span>
      )}
    </p>
  );
}
