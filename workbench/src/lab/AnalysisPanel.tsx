/** Which question is asked, its form, and the button that asks it. */
import { Button, Progress as ProgressBar, Select } from "@mantine/core";
import { useMemo } from "react";
import type { Form } from "../api/shapes";
import { capital, inWords, number } from "../figures/words";
import { fieldsOf } from "../form/schema";
import { SchemaForm } from "../form/SchemaForm";
import { SubjectForm } from "../form/SubjectForm";
import { Complaint, Panel } from "../shell/Panel";
import { Prose } from "../shell/Prose";
import { useInquiry } from "../state/inquiry";
import { missingOf, PROMPTS, subjectsOf, useLab } from "../state/lab";

interface AnalysisPanelProps {
  forms: readonly Form[];
  form: Form | undefined;
  onRun: () => void;
}

export function AnalysisPanel({ forms, form, onRun }: AnalysisPanelProps) {
  const state = useLab((lab) => lab.state);
  const edit = useLab((lab) => lab.edit);
  const fields = useMemo(() => (form ? fieldsOf(form.parameters, PROMPTS) : []), [form]);
  const missing = form ? missingOf(state, form) : null;
  return (
    <Panel title="Analysis" reading="one question, asked of the model" className="analysis-panel">
      <Select
        size="xs"
        aria-label="Analysis"
        data={grouped(forms)}
        value={form?.name ?? null}
        onChange={(name) => name && edit({ analysis: name, variable: "", cell: null })}
        allowDeselect={false}
        searchable
      />
      {form ? (
        <div className="summary">
          {form.summary} {form.help && <Help text={form.help} />}
        </div>
      ) : (
        <Complaint>No analysis is called {state.analysis}; choose one from the list.</Complaint>
      )}
      {form && (
        <SubjectForm subjects={subjectsOf(form)} given={state.args} onChange={(args) => edit({ args })} />
      )}
      <SchemaForm fields={fields} given={state.args} onChange={(args) => edit({ args })} />
      <RunRow missing={missing} ready={form !== undefined} onRun={onRun} />
    </Panel>
  );
}

function Help({ text }: { text: string }) {
  return (
    <details className="help">
      <summary aria-label="How to read it">?</summary>
      <Prose text={text} />
    </details>
  );
}

function grouped(forms: readonly Form[]) {
  const wings = Object.groupBy(forms, ({ wing }) => wing);
  return Object.entries(wings).map(([wing, members]) => ({
    group: inWords(wing),
    items: (members ?? []).map(({ name }) => ({ value: name, label: capital(inWords(name)) })),
  }));
}

interface RunRowProps {
  missing: string | null;
  ready: boolean;
  onRun: () => void;
}

const modifier = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "") ? "⌘" : "Ctrl";

function RunRow({ missing, ready, onRun }: RunRowProps) {
  const { phase, failure, stop } = useInquiry();
  const asking = phase === "asking";
  return (
    <div className="run-row">
      <div className="run-buttons">
        <Button size="xs" className="primary" onClick={onRun} disabled={!ready || missing !== null || asking}>
          Run
        </Button>
        {asking ? (
          <Button size="xs" variant="default" onClick={stop}>
            Cancel
          </Button>
        ) : (
          <kbd>{modifier} Enter</kbd>
        )}
      </div>
      {missing && <p className="muted note">{missing}</p>}
      {phase === "failed" && failure ? <Complaint>{failure.message}</Complaint> : <RunProgress />}
    </div>
  );
}

function RunProgress() {
  const { phase, progress } = useInquiry();
  const share = progress?.total ? (100 * progress.done) / progress.total : null;
  const words = wordsOf(phase, progress);
  return (
    <div className="progress">
      <div className="progress-track">
        {phase === "asking" && (
          <ProgressBar size={3} value={share ?? 100} animated={share === null} aria-label="Progress" />
        )}
      </div>
      <p className="muted note" aria-live="polite" data-phase={phase}>
        {words}
      </p>
    </div>
  );
}

function wordsOf(phase: string, progress: ReturnType<typeof useInquiry.getState>["progress"]): string {
  if (phase === "cancelled") return "Cancelled; what was on screen stays.";
  if (phase !== "asking") return "";
  if (!progress) return "Asking…";
  const of = progress.total === null ? "" : ` ${number(progress.done)} of ${number(progress.total)}`;
  return `${capital(progress.what)}${of}`;
}
