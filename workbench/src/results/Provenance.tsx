/** Where a result came from: model, arguments, versions, time and memory; what it was made from and what of it. */
import type { Result, ResultEntry } from "../api/shapes";
import { capital, inWords } from "../figures/words";
import { PageLink } from "../shell/PageLink";
import { Complaint, Panel } from "../shell/Panel";
import { useKin } from "./stored";

export function Provenance({ result }: { result: Result }) {
  const facts = flattened(result.provenance);
  return (
    <Panel id="provenance" title="Provenance" reading="all that the answer depends on" className="provenance">
      <dl className="facts">
        <div>
          <dt>digest of the values</dt>
          <dd className="mono">{result.digest}</dd>
        </div>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{inWords(name)}</dt>
            <dd className="mono">{value}</dd>
          </div>
        ))}
      </dl>
      <Kin digest={result.digest} />
    </Panel>
  );
}

/** Nested facts in lines: `models · model · name`; what is empty is left out. */
export function flattened(facts: unknown, path: readonly string[] = []): [string, string][] {
  if (Array.isArray(facts)) return facts.length > 0 ? [[path.join(" · "), facts.map(plain).join("; ")]] : [];
  if (typeof facts === "object" && facts !== null)
    return Object.entries(facts).flatMap(([name, value]) => flattened(value, [...path, name]));
  return facts === null || facts === "" ? [] : [[path.join(" · "), plain(facts)]];
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Kin({ digest }: { digest: string }) {
  const { data, error } = useKin(digest);
  if (error) return <Complaint>{error.message}</Complaint>;
  return (
    <>
      <Entries title="Made from" entries={data?.parents ?? []} />
      <Entries title="Made of it" entries={data?.children ?? []} />
    </>
  );
}

function Entries({ title, entries }: { title: string; entries: readonly ResultEntry[] }) {
  if (entries.length === 0) return null;
  return (
    <section className="kin">
      <h3>{title}</h3>
      <ul>
        {entries.map(({ digest, analysis, title: words }) => (
          <li key={digest}>
            <PageLink to="/results" query={{ result: digest }}>
              {capital(inWords(analysis))} <span className="mono">{digest.slice(0, 8)}</span>
            </PageLink>{" "}
            <span className="muted note">{words}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
