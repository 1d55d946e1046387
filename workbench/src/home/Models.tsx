/** The models that open by name, each with its certificate. */
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { ask } from "../api/ask";
import { failureOf } from "../api/client";
import { useModels } from "../api/queries";
import type { ModelEntry, ResultEntry } from "../api/shapes";
import { PageLink } from "../shell/PageLink";
import { Complaint, Panel } from "../shell/Panel";
import { type Counts, newestOf, useCertificate, useMe } from "./live";
import { short } from "./words";

const ModelCard = lazy(() => import("../card/ModelCard"));

export function Models({ results }: { results: readonly ResultEntry[] }) {
  const { data: models, error } = useModels();
  const [card, setCard] = useState("");
  const sorted = models?.toSorted((one, other) => rank(one, results) - rank(other, results));
  return (
    <Panel
      id="models"
      title="Models"
      reading={models ? `${models.length} open by name; a folder or a Hugging Face name opens too` : ""}
    >
      {error && <Complaint>{error.message}</Complaint>}
      {!models && !error && <div className="skeleton" style={{ height: 280 }} />}
      {sorted && (
        <div className="home-scroll" tabIndex={0} role="region" aria-label="Models">
          <table className="lines models">
            <thead>
              <tr>
                <th scope="col">model</th>
                <th scope="col">family</th>
                <th scope="col" className="right">
                  size
                </th>
                <th scope="col">sites</th>
                <th scope="col">
                  <span className="hidden">what to do</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((entry) => (
                <ModelRow
                  key={entry.name}
                  entry={entry}
                  results={results}
                  onCard={() => setCard(entry.name)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Suspense fallback={null}>{card && <ModelCard model={card} onClose={() => setCard("")} />}</Suspense>
    </Panel>
  );
}

/** Models that were asked something come first, the newest question first; then the built-in language model. */
function rank({ name }: ModelEntry, results: readonly ResultEntry[]): number {
  const entry = newestOf(name, results);
  if (entry) return results.indexOf(entry);
  return results.length + (name === "builtin:scribe" ? 0 : 1);
}

interface RowProps {
  entry: ModelEntry;
  results: readonly ResultEntry[];
  onCard: () => void;
}

function ModelRow({ entry, results, onCard }: RowProps) {
  const certificate = useCertificate(entry.name, results);
  const size = [
    entry.layers && `${entry.layers} ${entry.layers === 1 ? "layer" : "layers"}`,
    entry.parameters && short(entry.parameters),
  ];
  return (
    <tr>
      <th scope="row">
        <PageLink to="/lab" query={{ model: entry.name }} className="mono model-name" title="Open in the lab">
          {entry.name}
        </PageLink>
        <span className="model-summary muted">{entry.summary || entry.title}</span>
      </th>
      <td className="muted">{entry.family}</td>
      <td className="right nowrap">{size.filter(Boolean).join(" · ")}</td>
      <td>
        {certificate.data ? (
          <CertificateBar counts={certificate.data} />
        ) : (
          <Certify model={entry.name} waiting={certificate.isFetching} />
        )}
      </td>
      <td className="row-actions">
        <Button size="compact-xs" variant="subtle" onClick={onCard} aria-label={`Card of ${entry.name}`}>
          Card
        </Button>
        <PageLink to="/lab" query={{ model: entry.name }} className="button-link">
          Open<span className="hidden"> {entry.name}</span> in lab
        </PageLink>
      </td>
    </tr>
  );
}

/** Exact, reduced, refused: a bar with its numbers, so that no colour has to be told apart. */
export function CertificateBar({ counts }: { counts: Counts }) {
  const parts = Object.entries(counts) as [keyof Counts, number][];
  return (
    <span className="certificate">
      <span className="certificate-bar" aria-hidden="true">
        {parts.map(([name, count]) => (
          <span key={name} className={`part ${name}`} style={{ flexGrow: count }} />
        ))}
      </span>
      <span className="nowrap">
        {counts.exact} exact
        {counts.reduced > 0 && ` · ${counts.reduced} reduced`}
        {counts.refused > 0 && ` · ${counts.refused} refused`}
      </span>
    </span>
  );
}

/** Opens the model once, so that its sites are probed. */
function Certify({ model, waiting }: { model: string; waiting: boolean }) {
  const [asking, setAsking] = useState(false);
  const [failure, setFailure] = useState("");
  const cache = useQueryClient();
  const { data: me } = useMe();
  const certify = () => {
    setAsking(true);
    setFailure("");
    ask({ analysis: "model_card", arguments: { model } }, { signal: new AbortController().signal })
      .then(() => cache.invalidateQueries({ queryKey: ["results"] }))
      .catch((error: unknown) => setFailure(failureOf(error).message))
      .finally(() => setAsking(false));
  };
  if (failure) return <Complaint>{failure}</Complaint>;
  if (asking || waiting) return <span className="muted">probing…</span>;
  if (me?.role === "viewer") return <span className="muted">not probed yet</span>;
  return (
    <Button
      size="compact-xs"
      variant="default"
      onClick={certify}
      aria-label={`Probe ${model}`}
      title="Open the model and find which places in it can be read exactly"
    >
      Probe
    </Button>
  );
}
