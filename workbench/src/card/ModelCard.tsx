/** What the model is made of, in a dialog: its facts by group, its equations, its certificate. */
import { Modal, Tabs } from "@mantine/core";
import { useMemo } from "react";
import { useAnswered } from "../result/useAnswered";
import type { Result } from "../api/shapes";
import { type Column, Ranking } from "../figures/Ranking";
import { axisLabels, capital, inWords } from "../figures/words";
import { useColumns } from "../result/ListView";
import { Complaint } from "../shell/Panel";
import { type Fact, sections } from "./sections";

interface CardProps {
  model: string;
  onClose: () => void;
}

export default function ModelCard({ model, onClose }: CardProps) {
  const question = useMemo(() => (model ? { analysis: "model_card", arguments: { model } } : null), [model]);
  const { result: data, failure: error } = useAnswered(question);
  return (
    <Modal
      opened
      onClose={onClose}
      title={
        <>
          Model card <span className="mono muted">{model}</span>
        </>
      }
      size="xl"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <div className="card">
        {error && <Complaint>{error.message}</Complaint>}
        {!data && !error && <div className="skeleton" style={{ height: 320 }} />}
        {data && <Card result={data} />}
      </div>
    </Modal>
  );
}

function Card({ result }: { result: Result }) {
  const facts = useTexts(result, ["value", "group"], "item");
  const equations = useTexts(result, ["equation"], "line");
  const site = useTexts(result, ["site_status", "site_reason", "site_difference"], "site");
  const failure = facts.failure ?? equations.failure ?? site.failure;
  const groups = useMemo(
    () => sections(factsOf(facts.entries, facts.columns)),
    [facts.entries, facts.columns],
  );
  if (failure) return <Complaint>{failure.message}</Complaint>;
  if (!facts.columns || !equations.columns || !site.columns)
    return <div className="skeleton" style={{ height: 320 }} />;
  return (
    <Tabs defaultValue="Architecture" keepMounted={false}>
      <Tabs.List>
        {["Architecture", "Equations", "Training", "Usage and limits", "Certificate"].map((name) => (
          <Tabs.Tab key={name} value={name}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {(["Architecture", "Training", "Usage and limits"] as const).map((name) => (
        <Tabs.Panel key={name} value={name}>
          <Facts facts={groups[name]} />
        </Tabs.Panel>
      ))}
      <Tabs.Panel value="Equations">
        <pre className="equations" tabIndex={0}>
          {(equations.columns[0]?.values ?? []).join("\n")}
        </pre>
      </Tabs.Panel>
      <Tabs.Panel value="Certificate">
        <Certificate entries={site.entries} columns={site.columns} />
      </Tabs.Panel>
    </Tabs>
  );
}

/** Variables of the card over one axis, with the axis's own names. */
function useTexts(result: Result, names: readonly string[], axis: string) {
  const variables = useMemo(
    () => names.flatMap((name) => result.variables.filter((variable) => variable.name === name)),
    // The names are written in this file and never change.
    // oxlint-disable-next-line react/exhaustive-deps
    [result],
  );
  const entries = useMemo(() => axisLabels(result, axis).map(({ text }) => text), [result, axis]);
  return { ...useColumns(result, variables, {}), entries };
}

function factsOf(entries: readonly string[], columns: readonly Column[] | null): Fact[] {
  const of = (name: string) => columns?.find((column) => column.name === name)?.values ?? [];
  const [values, groups] = [of("value"), of("group")];
  return entries.map((name, index) => ({
    name,
    value: String(values[index] ?? ""),
    group: String(groups[index] ?? ""),
  }));
}

function Facts({ facts }: { facts: readonly Fact[] }) {
  if (facts.length === 0) return <p className="muted note">The model's folder says nothing about this.</p>;
  const groups = [...new Set(facts.map(({ group }) => group))];
  return groups.map((group) => (
    <section key={group} className="fact-group">
      {groups.length > 1 && <h3>{capital(inWords(group))}</h3>}
      <dl className="facts">
        {facts
          .filter((fact) => fact.group === group)
          .map(({ name, value }) => (
            <div key={name}>
              <dt>{inWords(name)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  ));
}

function Certificate({ entries, columns }: { entries: readonly string[]; columns: readonly Column[] }) {
  const short = columns.map((column) => ({ ...column, title: column.title.replace("site ", "") }));
  return (
    <>
      <p className="note">
        Each place inside the model that can be read or changed, as a numerical probe found it: exact, reduced
        or refused.
      </p>
      <Ranking
        label="Certificate of the model's sites"
        axis="site"
        entries={entries}
        columns={short}
        bars={null}
      />
    </>
  );
}
