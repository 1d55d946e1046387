/** What was found lately: the figure, the question, the model, how long ago. */
import { useState } from "react";
import { BASE } from "../api/client";
import type { ResultEntry } from "../api/shapes";
import { capital, inWords } from "../figures/words";
import { PageLink } from "../shell/PageLink";
import { Panel } from "../shell/Panel";
import { useTheme } from "../state/theme";
import { ago, moment } from "./words";

const SHOWN = 9;
/** Answers that stand among the models already. */
const PLAIN = new Set(["model_card"]);

export function RecentResults({ results }: { results: readonly ResultEntry[] | undefined }) {
  const shown = results?.filter(({ analysis }) => !PLAIN.has(analysis)).slice(0, SHOWN);
  const kept = results && shown ? `the last ${shown.length} of ${results.length}, without model cards` : "";
  return (
    <Panel
      id="results"
      title="Recent results"
      reading={kept}
      actions={
        <PageLink to="/results" className="button-link">
          All results
        </PageLink>
      }
    >
      {!shown && <div className="skeleton" style={{ height: 420 }} />}
      {shown && (
        <ul className="recent">
          {shown.map((entry) => (
            <Recent key={entry.digest} entry={entry} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Recent({ entry }: { entry: ResultEntry }) {
  const model = entry.models[0] ?? "";
  return (
    <li>
      <PageLink to="/results" query={{ result: entry.digest }} className="recent-card">
        <Thumbnail entry={entry} />
        <span className="recent-title">{capital(inWords(entry.analysis))}</span>
        <span className="recent-about muted">{about(entry)}</span>
        <span className="recent-foot muted">
          <span className="mono">{model}</span>
          <time dateTime={entry.created} title={moment(entry.created)}>
            {ago(entry.created)}
          </time>
        </span>
      </PageLink>
    </li>
  );
}

function Thumbnail({ entry }: { entry: ResultEntry }) {
  const theme = useTheme();
  const [broken, setBroken] = useState(false);
  return (
    <span className="recent-picture">
      {broken ? (
        <span className="muted">{inWords(entry.kind)}</span>
      ) : (
        <img
          src={`${BASE}/results/${entry.digest}/export?format=svg&theme=${theme}`}
          alt=""
          loading="lazy"
          decoding="async"
          onError={() => setBroken(true)}
        />
      )}
    </span>
  );
}

/** What of a title is said neither by the analysis nor by the model: the prompt, and what was chosen. */
export function about({ title, analysis, models }: ResultEntry): string {
  const said = new Set([analysis, ...models]);
  const parts = title.split(" · ").filter((part) => !said.has(part));
  const words = parts.filter((part) => !/^[a-z_]+=/.test(part));
  return (words.length > 0 ? words : parts).join(" · ");
}
