/** What a question is about besides the model: a task, a corpus, a series of checkpoints, an earlier answer. */
import { Autocomplete } from "@mantine/core";
import { useKnown, useStored } from "../api/queries";
import type { Form, KnownName } from "../api/shapes";
import { capital, inWords } from "../figures/words";

type Subject = Form["subjects"][number];

interface SubjectFormProps {
  subjects: readonly Subject[];
  given: Record<string, unknown>;
  onChange: (given: Record<string, unknown>) => void;
}

export function SubjectForm({ subjects, given, onChange }: SubjectFormProps) {
  if (subjects.length === 0) return null;
  return (
    <div className="form">
      {subjects.map((subject) => (
        <Named
          key={subject.name}
          subject={subject}
          value={given[subject.name]}
          onChange={(name) => onChange(renamed(given, subject.name, name))}
        />
      ))}
    </div>
  );
}

/** The arguments with one subject named anew; an empty name is left out. */
export function renamed(
  given: Record<string, unknown>,
  subject: string,
  name: string,
): Record<string, unknown> {
  const { [subject]: _before, ...rest } = given;
  return name === "" ? rest : { ...rest, [subject]: name };
}

interface NamedProps {
  subject: Subject;
  value: unknown;
  onChange: (name: string) => void;
}

/** A list to choose from that takes any other name too. */
function Named({ subject, value, onChange }: NamedProps) {
  const known = useNames(subject.type);
  const name = typeof value === "string" ? value : "";
  const chosen = known.find((entry) => entry.name === name);
  return (
    <Autocomplete
      size="xs"
      name={subject.name}
      label={capital(inWords(subject.name))}
      description={chosen?.summary || subject.help}
      withAsterisk={subject.required}
      data={[...new Set(known.map((entry) => entry.name))]}
      value={name}
      onChange={onChange}
      limit={60}
      classNames={{ input: "mono" }}
      renderOption={({ option }) => <Option entry={known.find((entry) => entry.name === option.value)} />}
    />
  );
}

function Option({ entry }: { entry: KnownName | undefined }) {
  return (
    <span className="known-name">
      <span className="mono">{entry?.name}</span>
      <span className="muted note">{entry?.summary}</span>
    </span>
  );
}

function useNames(type: string): readonly KnownName[] {
  const results = type === "Result";
  const { data: known } = useKnown(type);
  const { data: stored } = useStored(results);
  if (!results) return known ?? [];
  return (stored ?? []).map(({ digest, title }) => ({ name: digest, summary: title }));
}
