/** Every answer that was kept: the list, and of one its picture, its provenance, its kin and how to ask it again. */
import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Result, ResultEntry } from "../api/shapes";
import { capital, inWords, number } from "../figures/words";
import { CodePanel } from "../result/CodePanel";
import { ResultPanel } from "../result/ResultPanel";
import { PageLink } from "../shell/PageLink";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { usePage } from "../state/page";
import { Provenance } from "./Provenance";
import { useResult, useShelf } from "./stored";
import "../styles/results.css";

export default function Results() {
  const { query } = usePage();
  const { data: result, error } = useResult(query.result);
  return (
    <main className="results-page">
      <h1 className="hidden">Results</h1>
      <List open={query.result} />
      <div className="results-main">
        {error && (
          <Panel id="result" title="No such result">
            <Complaint>{error.message}</Complaint>
          </Panel>
        )}
        {result && query.result && <Shown result={result} />}
        {!query.result && (
          <Panel id="result" title="No result is open">
            <Empty button={<PageLink to="/lab">Open the lab</PageLink>}>
              Choose one from the list: its picture, where it came from, and how to ask for it again.
            </Empty>
          </Panel>
        )}
      </div>
    </main>
  );
}

function Shown({ result }: { result: Result }) {
  return (
    <>
      <ResultPanel id="result" slot="" result={result} />
      <div className="results-about">
        <Provenance result={result} />
        <CodePanel result={result} />
      </div>
    </>
  );
}

/** What is kept, newest first; the filters stand in the address and say what they keep. */
function List({ open }: { open: string | undefined }) {
  const { query, set } = usePage();
  const [pages, setPages] = useState(1);
  const filters = { analysis: query.analysis, model: query.of, text: query.text };
  const { data, error } = useShelf(filters, pages);
  return (
    <Panel
      id="list"
      title="Results"
      reading={data ? `${number(data.entries.length)} of ${number(data.total)} shown, newest first` : ""}
      className="results-list"
    >
      <TextInput
        size="xs"
        aria-label="Words in the title"
        placeholder="Words in the title, such as an analysis or a model"
        value={query.text ?? ""}
        onChange={(event) => set({ text: event.currentTarget.value })}
      />
      {(query.analysis || query.of) && (
        <p className="note muted">
          Only {[query.analysis && inWords(query.analysis), query.of].filter(Boolean).join(" of ")}.{" "}
          <button type="button" className="text-button" onClick={() => set({ analysis: null, of: null })}>
            Show all
          </button>
        </p>
      )}
      {error && <Complaint>{error.message}</Complaint>}
      {data?.total === 0 && <Empty>{emptyWords(Boolean(query.text || query.analysis || query.of))}</Empty>}
      <ul>
        {data?.entries.map((entry) => (
          <li key={entry.digest}>
            <Entry entry={entry} current={open !== undefined && entry.digest.startsWith(open)} />
          </li>
        ))}
      </ul>
      {data && data.entries.length < data.total && (
        <Button size="compact-sm" variant="default" onClick={() => setPages(pages + 1)}>
          Show more
        </Button>
      )}
    </Panel>
  );
}

function emptyWords(filtered: boolean): string {
  return filtered
    ? "Nothing that is kept fits these words."
    : "Nothing has been asked yet: every answer is kept here, with where it came from.";
}

function Entry({ entry, current }: { entry: ResultEntry; current: boolean }) {
  const { set } = usePage();
  const open = () =>
    set(
      { result: entry.digest, variable: null, at: null, range: null, rows: null, table: null, sel: null },
      { push: true },
    );
  return (
    <button type="button" className="result-choice" aria-pressed={current} onClick={open}>
      <b>{capital(inWords(entry.analysis))}</b>
      <span className="muted note result-title" title={entry.title}>
        {entry.title.replace(`${entry.analysis} · `, "")}
      </span>
      <span className="muted note">
        {ago(entry.created)} · {size(entry.bytes)} · <span className="mono">{entry.digest.slice(0, 8)}</span>
      </span>
    </button>
  );
}

const STEPS = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
] as const;

/** How long ago, in the largest unit that fits. */
export function ago(created: string, now = Date.now()): string {
  const seconds = Math.max((now - Date.parse(created)) / 1000, 0);
  const [unit, word] = STEPS.find(([least]) => seconds >= least) ?? [1, "second"];
  const count = Math.floor(seconds / unit);
  return `${count} ${word}${count === 1 ? "" : "s"} ago`;
}

/** Bytes in the unit that keeps the number short. */
export function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return `${Math.max(Math.round(bytes / 1e3), 1)} kB`;
}
