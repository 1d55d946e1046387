/** What is compared: the mode, the question, and what differs between the sides. */
import { Button, SegmentedControl, Select } from "@mantine/core";
import { useMemo } from "react";
import { usePrompts } from "../api/queries";
import type { Arguments, CommonPrompt, Form } from "../api/shapes";
import { capital, inWords } from "../figures/words";
import { fieldsOf } from "../form/schema";
import { SchemaForm } from "../form/SchemaForm";
import { SubjectForm } from "../form/SubjectForm";
import { Complaint, Panel } from "../shell/Panel";
import { parametersOf, PROMPTS, subjectsOf } from "../state/lab";
import { usePage } from "../state/page";
import { Prompts } from "./Prompts";
import { Methods, Named, Steps } from "./Naming";
import { type Mode, MODES, type Pair, seriesOf } from "./sides";

interface SetupProps {
  mode: Mode;
  forms: readonly Form[];
  form: Form | undefined;
  args: Arguments;
  draft: boolean;
  sides: Pair | null;
}

const TELLS: Record<Mode, string> = {
  prompts: "two prompts, one question",
  interventions: "the model with the changes of the dock, and untouched",
  models: "two models, one question",
  checkpoints: "two steps of one training",
  methods: "two ways of attribution",
  results: "two answers that were kept",
};

export function Setup({ mode, forms, form, args, draft, sides }: SetupProps) {
  const { set } = usePage();
  const missing = sides?.map((side) => side.missing).find(Boolean);
  return (
    <Panel
      id="setup"
      title="Compare"
      reading={TELLS[mode]}
      className="compare-setup"
      actions={
        <SegmentedControl
          size="xs"
          aria-label="What is compared"
          className="compare-modes"
          data={MODES.map((value) => ({ value, label: capital(value) }))}
          value={mode}
          onChange={(value) => set({ ...FORGOTTEN, mode: value }, { push: true })}
        />
      }
    >
      {mode === "results" ? (
        <Named names={["a", "b"]} type="Result" />
      ) : (
        <Question {...{ mode, forms, form, args }} />
      )}
      <div className="compare-run">
        {mode !== "results" && (
          <Button
            size="xs"
            className="primary"
            disabled={!form || Boolean(missing) || !draft}
            onClick={() => set({ draft: null }, { push: true })}
          >
            Compare
          </Button>
        )}
        <Swap />
        {missing && <span className="muted note">{missing}</span>}
      </div>
    </Panel>
  );
}

/** What does not outlive a change of mode. */
const FORGOTTEN = {
  analysis: null,
  args: null,
  draft: null,
  swap: null,
  "variable.pair": null,
  "at.pair": null,
};

function Swap() {
  const { query, set } = usePage();
  const swapped = query.swap === "1";
  return (
    <Button
      size="xs"
      variant="default"
      aria-pressed={swapped}
      onClick={() => set({ swap: swapped ? null : "1" }, { push: true })}
    >
      Swap sides
    </Button>
  );
}

function Question({ mode, forms, form, args }: Pick<SetupProps, "mode" | "forms" | "form" | "args">) {
  const { query, set } = usePage();
  const fields = useMemo(
    () => (form ? fieldsOf(form.parameters, mode === "methods" ? [...PROMPTS, "method"] : PROMPTS) : []),
    [form, mode],
  );
  const edit = (next: Arguments) =>
    set({ args: Object.keys(next).length > 0 ? JSON.stringify(next) : null, draft: "1" });
  const asksPrompt = form !== undefined && "prompt" in parametersOf(form);
  return (
    <>
      <div className="compare-question">
        <Select
          size="xs"
          label="Analysis"
          data={grouped(forms)}
          value={form?.name ?? null}
          allowDeselect={false}
          searchable
          onChange={(name) => name && set({ analysis: name, args: null, draft: "1", "variable.pair": null })}
        />
        {mode === "models" && <Named names={["other"]} type="Model" />}
        {mode === "checkpoints" && <Named names={["series"]} type="Checkpoints" />}
        {mode === "methods" && form && <Methods form={form} />}
      </div>
      {mode === "checkpoints" && query.series && <Steps series={query.series} />}
      {asksPrompt && (
        <Prompts
          model={mode === "checkpoints" ? seriesOf(query) : (query.model ?? "")}
          twin={mode === "prompts" || needsTwin(form)}
          answers={"target" in parametersOf(form)}
        />
      )}
      {form ? (
        <details className="compare-more">
          <summary>
            {form.summary} <span className="muted">Options</span>
          </summary>
          <SubjectForm subjects={subjectsOf(form)} given={args} onChange={edit} />
          <SchemaForm fields={fields} given={args} onChange={edit} />
        </details>
      ) : (
        forms.length > 0 && (
          <Complaint>No such analysis fits this comparison; choose one from the list.</Complaint>
        )
      )}
      {asksPrompt && <Common />}
    </>
  );
}

function needsTwin(form: Form): boolean {
  return "corrupt" in parametersOf(form);
}

function grouped(forms: readonly Form[]) {
  const wings = Object.groupBy(forms, ({ wing }) => wing);
  return Object.entries(wings).map(([wing, members]) => ({
    group: inWords(wing),
    items: (members ?? []).map(({ name }) => ({ value: name, label: capital(inWords(name)) })),
  }));
}

/** A pair of prompts for a quick look, while there is none. */
function Common() {
  const { query, set } = usePage();
  const { data } = usePrompts();
  const first = data?.[0];
  if (query.prompt || !first) return null;
  const take = ({ prompt, corrupt, target, distractor }: CommonPrompt) =>
    set({ prompt, corrupt, target, distractor }, { push: true });
  return (
    <Button size="xs" variant="default" className="compare-take" onClick={() => take(first)}>
      Take a common pair
    </Button>
  );
}
