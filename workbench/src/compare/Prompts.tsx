/** The prompts of a comparison, and their tokens, column by column. */
import { Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useTokens } from "../api/queries";
import { StripFoot, TokenStrip } from "../lab/TokenStrip";
import { Complaint } from "../shell/Panel";
import { usePage } from "../state/page";

const SETTLED = 250;

interface PromptsProps {
  /** Whose tokens are shown. */
  model: string;
  twin: boolean;
  answers: boolean;
}

export function Prompts({ model, twin, answers }: PromptsProps) {
  return (
    <>
      <div className="compare-prompts">
        <Text name="prompt" label="Prompt" />
        {twin && <Text name="corrupt" label="Corrupt twin" />}
        {answers && <Answer name="target" label="Target" />}
        {answers && <Answer name="distractor" label="Distractor" />}
      </div>
      <Strip model={model} twin={twin} />
    </>
  );
}

interface TextProps {
  name: string;
  label: string;
}

function useText(name: string) {
  const { query, set } = usePage();
  return {
    name,
    size: "xs" as const,
    value: query[name] ?? "",
    classNames: { input: "mono" },
    spellCheck: false,
    autoComplete: "off",
    onChange: (event: { currentTarget: { value: string } }) =>
      set({ [name]: event.currentTarget.value, draft: "1" }),
  };
}

function Text({ name, label }: TextProps) {
  return <Textarea {...useText(name)} label={label} rows={1} autosize maxRows={6} />;
}

function Answer({ name, label }: TextProps) {
  return <TextInput {...useText(name)} label={label} />;
}

function Strip({ model, twin }: { model: string; twin: boolean }) {
  const { prompt = "", corrupt = "" } = usePage().query;
  const [settled] = useDebouncedValue({ prompt, corrupt: twin ? corrupt : "" }, SETTLED);
  const clean = useTokens(model, settled.prompt);
  const other = useTokens(model, settled.corrupt);
  const failure = clean.error ?? other.error;
  if (failure) return <Complaint>{failure.message}</Complaint>;
  if (settled.prompt === "" || !clean.data) return null;
  const shown = settled.corrupt === "" ? null : (other.data ?? null);
  return (
    <div className="strips">
      <TokenStrip clean={clean.data} corrupt={shown} />
      <StripFoot clean={clean.data} corrupt={shown} />
    </div>
  );
}
