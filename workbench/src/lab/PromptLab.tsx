/** The Prompt lab: a prompt, a question, and the answer drawn by its kind. */
import { Button } from "@mantine/core";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { useAnalyses, usePrompts } from "../api/queries";
import type { CommonPrompt, Form } from "../api/shapes";
import { inWords } from "../figures/words";
import { CodePanel } from "../result/CodePanel";
import { ResultPanel } from "../result/ResultPanel";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { useShortcuts } from "../shell/keys";
import { useInquiry } from "../state/inquiry";
import { missingOf, parametersOf, questionOf, useLab } from "../state/lab";
import { AnalysisPanel } from "./AnalysisPanel";
import { Predictions } from "./Predictions";
import { PromptPanel } from "./PromptPanel";

export function PromptLab() {
  const { data: forms, error } = useAnalyses();
  const state = useLab((lab) => lab.state);
  const first = useRef<HTMLTextAreaElement>(null);
  const asks = useMemo(() => (forms ?? []).filter(({ sort }) => sort === "ask"), [forms]);
  const form = asks.find(({ name }) => name === state.analysis);
  const run = useRun(asks);
  useOpening(form, run);
  useShortcuts({ run, focusPrompt: () => first.current?.focus() });
  const take = useTake(form);
  return (
    <main className="lab">
      <h1 className="hidden">Prompt lab</h1>
      <PromptPanel model={state.model} first={first} onTake={take} />
      <div className="lab-side">
        {error && <Complaint>{error.message}</Complaint>}
        {forms && <AnalysisPanel forms={asks} form={form} onRun={run} />}
        <Asked />
      </div>
      <div className="lab-main">
        <Answer onTake={take} />
      </div>
    </main>
  );
}

/** Asks what the state says, and marks the address as no longer a draft. */
function useRun(forms: readonly Form[]) {
  return useCallback(() => {
    const { state, look } = useLab.getState();
    const form = forms.find(({ name }) => name === state.analysis);
    if (!form || missingOf(state, form)) return;
    look({ draft: false });
    void useInquiry.getState().start(questionOf(state, form));
  }, [forms]);
}

/** Asks again when an address with a complete question is opened: the answer is stored. */
function useOpening(form: Form | undefined, run: () => void) {
  const state = useLab((lab) => lab.state);
  const complete =
    form !== undefined && !state.draft && state.model !== "" && missingOf(state, form) === null;
  const key = complete ? JSON.stringify(questionOf(state, form)) : "";
  useEffect(() => {
    if (key === "") return;
    const { asked } = useInquiry.getState();
    if (JSON.stringify(asked) !== key) run();
  }, [key, run]);
}

/** Takes a common prompt, with its answer where the analysis asks for one. */
function useTake(form: Form | undefined) {
  return useCallback(
    ({ prompt, corrupt, target, distractor }: CommonPrompt) => {
      const { state, edit } = useLab.getState();
      const known = form ? parametersOf(form) : {};
      const answers = Object.entries({ target, distractor }).filter(([name, text]) => name in known && text);
      edit({ prompt, corrupt, cell: null, args: { ...state.args, ...Object.fromEntries(answers) } });
    },
    [form],
  );
}

function Asked() {
  const answered = useInquiry((inquiry) => inquiry.answered);
  const { model, prompt } = answered?.arguments ?? {};
  const asked = useMemo(
    () => (typeof model === "string" && typeof prompt === "string" ? { model, prompt } : null),
    [model, prompt],
  );
  return <Predictions asked={asked} />;
}

function Answer({ onTake }: { onTake: (prompt: CommonPrompt) => void }) {
  const { result, answered, phase, failure } = useInquiry();
  const { state } = useLab();
  const { data: prompts } = usePrompts();
  if (result && answered)
    return (
      <>
        <ResultPanel result={result} stale={staleness(state.draft, phase, answered)} />
        <CodePanel result={result} />
      </>
    );
  if (phase === "asking")
    return (
      <Panel title="Answer" reading={inWords(state.analysis)} className="result">
        <div className="skeleton" style={{ height: 430 }} />
      </Panel>
    );
  if (phase === "failed" && failure)
    return (
      <Panel title="Answer" reading={inWords(state.analysis)} className="result">
        <Complaint>{failure.message}</Complaint>
      </Panel>
    );
  const ready = prompts?.[0];
  return (
    <Panel title="Answer" reading="drawn here when you run an analysis" className="result">
      <Empty
        button={
          state.prompt === "" && ready ? (
            <Button size="xs" variant="default" onClick={() => onTake(ready)}>
              Take a common prompt
            </Button>
          ) : undefined
        }
      >
        Type a prompt above, pick an analysis and run it: its numbers are drawn here, cell by cell.
      </Empty>
    </Panel>
  );
}

function staleness(draft: boolean, phase: string, answered: { analysis: string }): string | null {
  if (phase === "asking") return null;
  if (!draft) return null;
  return `Shown: the last answer of ${inWords(answered.analysis)}. The question has changed since; run it to update.`;
}
