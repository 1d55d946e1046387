/** One rule, to be written or changed; the server says in a sentence what will not do. */
import { Autocomplete, Button, NumberInput, Select, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, read } from "../api/client";
import { useModels, useStored } from "../api/queries";
import type { Monitors, Rule } from "../api/shapes";
import { capital, inWords } from "../figures/words";
import { Complaint, Panel } from "../shell/Panel";
import { useChange } from "./queries";

interface FormProps {
  rule: Rule | null;
  monitors: Monitors;
  onClose: () => void;
}

type Draft = Record<string, string>;

const NUMBERS = ["threshold", "clear", "for_seconds", "shift", "n_tokens", "window_minutes"];
const OF_SOME = ["model", "reference", "baseline", "shift", "n_tokens", "window_minutes"] as const;

/** What a draft says to the server: nothing for what is empty, numbers as numbers. */
export function asRule(draft: Draft, takes: readonly string[]): Rule {
  const kept = Object.entries(draft).filter(
    ([name, text]) => text !== "" && (takes.includes(name) || !(OF_SOME as readonly string[]).includes(name)),
  );
  const said = kept.map(([name, text]) => [name, NUMBERS.includes(name) ? Number(text) : text]);
  return Object.fromEntries(said) as Rule;
}

export function RuleForm({ rule, monitors, onClose }: FormProps) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(rule));
  const metric = monitors.metrics.find(({ name }) => name === draft.metric);
  const takes = [...(metric?.needs ?? []), ...(metric?.takes ?? [])];
  const save = useChange("monitors", (body: Rule) =>
    read(client.PUT("/api/v1/admin/monitors/{name}", { params: { path: { name: body.name } }, body })),
  );
  const change = (name: string) => (text: string | number | bigint | null) =>
    setDraft((before) => ({ ...before, [name]: String(text ?? "") }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(
      { ...asRule(draft, takes), ...(rule?.paused ? { paused: true } : {}) },
      { onSuccess: onClose },
    );
  };
  return (
    <Panel
      id="rule"
      title={rule ? `Rule ${rule.name}` : "New rule"}
      reading={metric?.help ?? "choose what is watched"}
    >
      <form className="admin-form" onSubmit={submit}>
        <Subject draft={draft} fixed={rule !== null} monitors={monitors} change={change} />
        {OF_SOME.filter((name) => takes.includes(name)).map((name) => (
          <Field
            key={name}
            name={name}
            value={draft[name] ?? ""}
            needed={metric?.needs.includes(name) ?? false}
            onChange={change(name)}
          />
        ))}
        <Limits draft={draft} unit={metric?.unit ?? ""} change={change} webhooks={monitors.webhooks} />
        <Button size="xs" type="submit" className="primary" disabled={save.isPending || !draft.metric}>
          Save
        </Button>
        <Button size="xs" variant="default" onClick={onClose}>
          Leave it
        </Button>
      </form>
      {save.error && <Complaint>{save.error.message}</Complaint>}
    </Panel>
  );
}

function draftOf(rule: Rule | null): Draft {
  const said = Object.entries(rule ?? { severity: "warning" });
  return Object.fromEntries(
    said
      .filter(([name, value]) => value !== null && name !== "paused")
      .map(([name, value]) => [name, String(value)]),
  );
}

type Change = (name: string) => (text: string | number | bigint | null) => void;

interface SubjectProps {
  draft: Draft;
  fixed: boolean;
  monitors: Monitors;
  change: Change;
}

/** What the rule is called, and what it watches. */
function Subject({ draft, fixed, monitors, change }: SubjectProps) {
  return (
    <>
      <TextInput
        size="xs"
        label="Name"
        value={draft.name ?? ""}
        readOnly={fixed}
        required
        placeholder="small-letters-and-dashes"
        onChange={(event) => change("name")(event.currentTarget.value)}
      />
      <Select
        size="xs"
        label="Watches"
        data={monitors.metrics.map(({ name, title }) => ({ value: name, label: title }))}
        value={draft.metric ?? null}
        onChange={change("metric")}
        allowDeselect={false}
      />
    </>
  );
}

interface LimitsProps {
  draft: Draft;
  unit: string;
  change: Change;
  webhooks: readonly string[];
}

function Limits({ draft, unit, change, webhooks }: LimitsProps) {
  const labels = {
    threshold: unit ? `Fires beyond (${unit})` : "Fires beyond",
    clear: "Clears at (empty: a fifth off)",
    for_seconds: "After so many seconds",
  };
  return (
    <>
      {(["threshold", "clear", "for_seconds"] as const).map((name) => (
        <NumberInput
          key={name}
          size="xs"
          label={labels[name]}
          value={draft[name] ?? ""}
          required={name === "threshold"}
          onChange={change(name)}
          decimalScale={6}
        />
      ))}
      <Select
        size="xs"
        label="Severity"
        data={["notice", "warning", "critical"]}
        value={draft.severity ?? "warning"}
        onChange={change("severity")}
        allowDeselect={false}
      />
      <Select
        size="xs"
        label="Webhook"
        placeholder={webhooks.length > 0 ? "none" : "the file names none"}
        data={[...webhooks]}
        value={draft.webhook || null}
        onChange={change("webhook")}
        clearable
      />
    </>
  );
}

interface FieldProps {
  name: (typeof OF_SOME)[number];
  value: string;
  needed: boolean;
  onChange: (text: string | number | bigint | null) => void;
}

/** One word that only some metrics take. */
function Field({ name, value, needed, onChange }: FieldProps) {
  const { data: models } = useModels();
  const { data: results } = useStored(name === "baseline");
  const label = capital(inWords(name));
  if (name === "baseline") {
    const stored = (results ?? []).filter(({ analysis }) => analysis === "neuron_statistics");
    return (
      <Select
        size="xs"
        label="Baseline, a stored neuron statistics"
        placeholder={stored.length > 0 ? "choose" : "ask neuron statistics first"}
        data={stored.map(({ digest, models: of, created }) => ({
          value: digest,
          label: `${digest} · ${of[0] ?? ""} · ${created.slice(0, 16).replace("T", " ")}`,
        }))}
        value={value || null}
        onChange={onChange}
      />
    );
  }
  if (NUMBERS.includes(name))
    return <NumberInput size="xs" label={label} value={value} onChange={onChange} required={needed} />;
  return (
    <Autocomplete
      size="xs"
      label={label}
      classNames={{ input: "mono" }}
      data={(models ?? []).map(({ name: known }) => known)}
      value={value}
      onChange={onChange}
      required={needed}
    />
  );
}
