/** The Prompt lab: a prompt and its twin, and a stack of linked answers about them. */
import { Button } from "@mantine/core";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useAnalyses, usePrompts } from "../api/queries";
import type { CommonPrompt, Form } from "../api/shapes";
import { capital, inWords } from "../figures/words";
import { AnsweredPanel } from "../result/AnswerPanel";
import { CodePanel } from "../result/CodePanel";
import { type Answered, useAnswered } from "../result/useAnswered";
import { useAsked } from "../result/useAsked";
import { CloseIcon } from "../shell/icons";
import { useShortcuts } from "../shell/keys";
import { Complaint, Empty } from "../shell/Panel";
import {
  freeSlot,
  type LabPanel,
  missingOf,
  panelsOf,
  questionOf,
  withoutPanel,
  writePanel,
} from "../state/lab";
import { usePage, usePageStore } from "../state/page";
import { argumentOf } from "../state/stack";
import { AnalysisPanel } from "./AnalysisPanel";
import { Predictions } from "./Predictions";
import { PromptPanel } from "./PromptPanel";

const StreamPanel = lazy(async () => ({ default: (await import("../live/StreamPanel")).StreamPanel }));
const BrainPanel = lazy(() => import("../brain/BrainPanel"));

export default function PromptLab() {
  const { data: forms, error } = useAnalyses();
  const { query, set } = usePage();
  const panels = useMemo(() => panelsOf(query), [query]);
  const active = panels.find(({ slot }) => slot === (query.on ?? "")) ?? panels[0];
  const first = useRef<HTMLTextAreaElement>(null);
  const asks = useMemo(() => (forms ?? []).filter(({ sort }) => sort === "ask"), [forms]);
  const run = useCallback(() => runAll(asks), [asks]);
  useShortcuts({ run, focusPrompt: () => first.current?.focus(), slot: active?.slot ?? "" });
  const add = () => {
    const slot = freeSlot(panels);
    const unused = ["activation_patching", "attention_patterns", "logit_lens"].find((name) =>
      panels.every(({ analysis }) => analysis !== name),
    );
    set(
      { ...writePanel({ slot, analysis: unused ?? "logit_lens", args: {}, draft: true }), on: slot },
      { push: true },
    );
  };
  const [states, setStates] = useState<Record<string, Answered>>({});
  const follow = useCallback(
    (slot: string, answered: Answered) => setStates((all) => ({ ...all, [slot]: answered })),
    [],
  );
  if (!active) return null;
  const form = asks.find(({ name }) => name === active.analysis);
  return (
    <main className="lab">
      <h1 className="hidden">Prompt lab</h1>
      <PromptPanel model={query.model ?? ""} first={first} onTake={take} />
      {(query.live === "1" || LIVE.includes(query.panel ?? "")) && <Live />}
      <div className="lab-side">
        {error && <Complaint>{error.message}</Complaint>}
        {forms && (
          <AnalysisPanel forms={asks} form={form} panel={active} answered={states[active.slot]} onRun={run} />
        )}
        <Predictions asked={askedOf(states[active.slot])} />
      </div>
      <div className="lab-main">
        {panels.map((panel) => (
          <StackPanel
            key={panel.slot}
            panel={panel}
            form={asks.find(({ name }) => name === panel.analysis)}
            only={panels.length === 1}
            active={panel === active}
            onAnswer={follow}
          />
        ))}
        <div className="add-panel">
          <Button size="compact-sm" variant="default" onClick={add}>
            Add a panel
          </Button>
          <span className="muted note">Panels share the prompt and light up together.</span>
        </div>
        {states[active.slot]?.result && <CodePanel result={states[active.slot]?.result as never} />}
      </div>
    </main>
  );
}

const LIVE = ["stream", "brain"];

/** The stream and the 3D view that it drives; loaded when they are opened. */
function Live() {
  const { query } = usePage();
  const changes = useMemo(() => argumentOf(query.do), [query.do]);
  return (
    <div className="lab-live">
      <Suspense fallback={<div className="skeleton" style={{ height: 320 }} />}>
        <StreamPanel model={query.model ?? ""} prompt={query.prompt ?? ""} do={changes} />
        <BrainPanel />
      </Suspense>
    </div>
  );
}

/** Puts every question of the stack that is complete. */
function runAll(forms: readonly Form[]): void {
  const { query, set } = usePageStore.getState();
  for (const panel of panelsOf(query)) {
    const form = forms.find(({ name }) => name === panel.analysis);
    if (form && !missingOf(query, form, panel.args))
      set(writePanel({ ...panel, draft: false }), { push: true });
  }
}

/** Takes a common prompt, with its twin and its answers. */
function take({ prompt, corrupt, target, distractor }: CommonPrompt): void {
  const { query, set } = usePageStore.getState();
  const drafts = panelsOf(query).map((panel) => writePanel({ ...panel, draft: true }));
  set(Object.assign({ prompt, corrupt, target, distractor, sel: null }, ...drafts));
}

function askedOf(answered: Answered | undefined): { model: string; prompt: string; do?: unknown } | null {
  const { model, prompt, do: changes } = answered?.answered?.arguments ?? {};
  if (typeof model !== "string" || typeof prompt !== "string") return null;
  return changes === undefined ? { model, prompt } : { model, prompt, do: changes };
}

interface StackProps {
  panel: LabPanel;
  form: Form | undefined;
  only: boolean;
  active: boolean;
  onAnswer: (slot: string, answered: Answered) => void;
}

/** One panel of the stack; it asks what its slot says, once that is no draft. */
function StackPanel({ panel, form, only, active, onAnswer }: StackProps) {
  const { query, set } = usePage();
  const { slot, args, draft } = panel;
  const question = useMemo(
    () => (form && !missingOf(query, form, args) ? questionOf(query, form, args) : null),
    [query, form, args],
  );
  const asked = useAsked(question, draft);
  const answered = useAnswered(asked);
  const { result, phase, progress } = answered;
  useEffect(() => {
    onAnswer(slot, answered);
    // The other members are functions of these.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [slot, result, phase, progress, onAnswer]);
  const close = () => set({ ...withoutPanel(slot), on: null }, { push: true });
  return (
    <AnsweredPanel
      id={`answer${slot}`}
      slot={slot}
      title={capital(inWords(result && !draft ? result.analysis : (result?.analysis ?? panel.analysis)))}
      asked={asked}
      answered={answered}
      stale={staleness(draft, answered)}
      empty={<Waiting missing={form ? missingOf(query, form, args) : null} />}
      actions={
        !only && (
          <>
            <Button
              size="compact-xs"
              variant={active ? "light" : "default"}
              aria-pressed={active}
              onClick={() => set({ on: slot })}
            >
              Edit
            </Button>
            {slot !== "" && (
              <button type="button" className="quiet" onClick={close} aria-label="Close this panel">
                <CloseIcon />
              </button>
            )}
          </>
        )
      }
    />
  );
}

function Waiting({ missing }: { missing: string | null }) {
  const { query } = usePage();
  const { data: prompts } = usePrompts();
  const ready = prompts?.[0];
  return (
    <Empty
      button={
        !query.prompt && ready ? (
          <Button size="xs" variant="default" onClick={() => take(ready)}>
            Take a common prompt
          </Button>
        ) : undefined
      }
    >
      {missing && query.prompt
        ? missing
        : "Type a prompt above, pick an analysis and run it: its numbers are drawn here, cell by cell."}
    </Empty>
  );
}

function staleness(draft: boolean, { phase, answered }: Answered): string | null {
  if (phase === "asking" || !draft || !answered) return null;
  return `Shown: the last answer of ${inWords(answered.analysis)}. The question has changed since; run it to update.`;
}
