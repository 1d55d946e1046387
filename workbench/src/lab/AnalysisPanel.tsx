/** Which question the panel at hand asks, its form, and the button that asks it. */
import { Button, Select } from "@mantine/core";
import { useMemo } from "react";
import type { Arguments, Form } from "../api/shapes";
import { capital, inWords } from "../figures/words";
import { fieldsOf } from "../form/schema";
import { SchemaForm } from "../form/SchemaForm";
import { SubjectForm } from "../form/SubjectForm";
import { ProgressLine } from "../result/AnswerPanel";
import type { Answered } from "../result/useAnswered";
import { Complaint, Panel } from "../shell/Panel";
import { Prose } from "../shell/Prose";
import { type LabPanel, missingOf, PROMPTS, subjectsOf, useTyped, writePanel } from "../state/lab";
import { usePage } from "../state/page";

interface AnalysisPanelProps {
  forms: readonly Form[];
  form: Form | undefined;
  panel: LabPanel;
  answered: Answered | undefined;
  onRun: () => void;
}

export function AnalysisPanel({ forms, form, panel, answered, onRun }: AnalysisPanelProps) {
  const { query, set } = usePage();
  const fields = useMemo(() => (form ? fieldsOf(form.parameters, PROMPTS) : []), [form]);
  const missing = form ? missingOf(query, form, panel.args) : null;
  const edit = (args: Arguments) => {
    useTyped.setState({ [`${panel.slot} ${panel.analysis}`]: args });
    set(writePanel({ ...panel, args, draft: true }));
  };
  const choose = (analysis: string) => {
    const args = useTyped.getState()[`${panel.slot} ${analysis}`] ?? {};
    set({ ...writePanel({ ...panel, analysis, args, draft: true }), [`variable${panel.slot}`]: null });
  };
  return (
    <Panel
      id="analysis"
      title="Analysis"
      reading={panel.slot ? `question of panel ${panel.slot.slice(1)}` : "one question, asked of the model"}
      className="analysis-panel"
    >
      <Select
        size="xs"
        aria-label="Analysis"
        data={grouped(forms)}
        value={form?.name ?? null}
        onChange={(name) => name && choose(name)}
        allowDeselect={false}
        searchable
      />
      {form ? (
        <div className="summary">
          {form.summary} {form.help && <Help text={form.help} />}
        </div>
      ) : (
        <Complaint>No analysis is called {panel.analysis}; choose one from the list.</Complaint>
      )}
      {form && <SubjectForm subjects={subjectsOf(form)} given={panel.args} onChange={edit} />}
      <SchemaForm fields={fields} given={panel.args} onChange={edit} />
      <RunRow missing={missing} ready={form !== undefined} answered={answered} onRun={onRun} />
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
  answered: Answered | undefined;
  onRun: () => void;
}

const modifier = /Mac|iPhone|iPad/.test(globalThis.navigator?.userAgent ?? "") ? "⌘" : "Ctrl";

function RunRow({ missing, ready, answered, onRun }: RunRowProps) {
  const asking = answered?.phase === "asking";
  return (
    <div className="run-row">
      <div className="run-buttons">
        <Button size="xs" className="primary" onClick={onRun} disabled={!ready || missing !== null || asking}>
          Run
        </Button>
        {asking ? (
          <Button size="xs" variant="default" onClick={answered?.stop}>
            Cancel
          </Button>
        ) : (
          <kbd>{modifier} Enter</kbd>
        )}
      </div>
      {missing && <p className="muted note">{missing}</p>}
      {answered?.phase === "failed" && answered.failure ? (
        <Complaint>{answered.failure.message}</Complaint>
      ) : (
        <div className="run-state">
          {asking && <ProgressLine progress={answered?.progress ?? null} />}
          {answered?.phase === "cancelled" && (
            <p className="muted note" data-phase="cancelled">
              Cancelled; what was on screen stays.
            </p>
          )}
        </div>
      )}
    </div>
  );
}
