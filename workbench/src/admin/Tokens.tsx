/** The tokens by which programs and people ask: make one, see its secret once, revoke one. */
import { Button, NumberInput, Select, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, read } from "../api/client";
import type { TokenEntry } from "../api/shapes";
import { moment } from "../home/words";
import { Complaint, Empty, Panel } from "../shell/Panel";
import { Sure } from "./Sure";
import { useChange, useTokenList } from "./queries";

const ROLES = [
  { value: "viewer", label: "viewer: reads" },
  { value: "analyst", label: "analyst: asks too" },
  { value: "admin", label: "admin: everything" },
];

interface Wanted {
  name: string;
  role: "viewer" | "analyst" | "admin";
  days: number | null;
  models: string | null;
}

export function Tokens() {
  const { data: tokens, error } = useTokenList();
  return (
    <>
      <NewToken />
      <Panel id="tokens" title="Tokens" reading={tokens ? reading(tokens) : ""}>
        {error && <Complaint>{error.message}</Complaint>}
        {!tokens && !error && <div className="skeleton" style={{ height: 120 }} />}
        {tokens?.length === 0 && (
          <Empty>
            There is no token yet: whoever started the server signs in by its link. Make one above for a
            program or a colleague.
          </Empty>
        )}
        {tokens && tokens.length > 0 && <TokenTable tokens={tokens} />}
      </Panel>
    </>
  );
}

function reading(tokens: readonly TokenEntry[]): string {
  const active = tokens.filter(({ state }) => state === "active").length;
  return `${active} active of ${tokens.length}`;
}

function NewToken() {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Wanted["role"]>("viewer");
  const [days, setDays] = useState<number | string>(30);
  const [models, setModels] = useState("");
  const make = useChange("tokens", (body: Wanted) => read(client.POST("/api/v1/admin/tokens", { body })));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate({ name, role, days: days === "" ? null : Number(days), models: models || null });
  };
  return (
    <Panel id="new-token" title="New token" reading="its secret is shown once, here">
      <form className="admin-form" onSubmit={submit}>
        <TextInput
          size="xs"
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          required
          maxLength={64}
        />
        <Select
          size="xs"
          label="Role"
          data={ROLES}
          value={role}
          allowDeselect={false}
          onChange={(value) => setRole((value ?? "viewer") as Wanted["role"])}
        />
        <NumberInput
          size="xs"
          label="Days (empty: for good)"
          value={days}
          onChange={setDays}
          min={0.01}
          max={3650}
        />
        <TextInput
          size="xs"
          label="Only models named"
          placeholder="any"
          classNames={{ input: "mono" }}
          value={models}
          onChange={(event) => setModels(event.currentTarget.value)}
        />
        <Button size="xs" type="submit" className="primary" disabled={make.isPending || name.trim() === ""}>
          Make
        </Button>
      </form>
      {make.error && <Complaint>{make.error.message}</Complaint>}
      {make.data && <Secret key={make.data.token.id} name={make.data.token.name} secret={make.data.secret} />}
    </Panel>
  );
}

function Secret({ name, secret }: { name: string; secret: string }) {
  const [copied, setCopied] = useState("");
  const copy = () =>
    navigator.clipboard.writeText(secret).then(
      () => setCopied("Copied."),
      () => setCopied("The browser does not let it be copied; select it by hand."),
    );
  return (
    <div className="secret" role="status">
      <p>The secret of {name}. Keep it now: it is not told again.</p>
      <code className="code">{secret}</code>
      <Button size="compact-xs" variant="default" onClick={() => void copy()}>
        Copy
      </Button>
      <span className="muted">{copied}</span>
    </div>
  );
}

function TokenTable({ tokens }: { tokens: readonly TokenEntry[] }) {
  const revoke = useChange("tokens", (token_id: string) =>
    read(client.DELETE("/api/v1/admin/tokens/{token_id}", { params: { path: { token_id } } })),
  );
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Tokens">
      {revoke.error && <Complaint>{revoke.error.message}</Complaint>}
      <table className="lines">
        <thead>
          <tr>
            {["name", "role", "reaches", "models", "state", "expires", "last used", ""].map((head) => (
              <th key={head} scope="col">
                {head || <span className="hidden">what to do</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.id} className={token.state === "active" ? "" : "muted"}>
              <th scope="row">{token.name}</th>
              <td>{token.role}</td>
              <td>{token.scopes.join(", ")}</td>
              <td className="mono">{token.models ?? "any"}</td>
              <td>{token.state}</td>
              <td className="nowrap">{token.expires ? moment(token.expires) : "never"}</td>
              <td className="nowrap">{moment(token.last_used)}</td>
              <td className="row-actions">
                {token.state === "active" && (
                  <Sure verb="Revoke" what={token.name} onSure={() => revoke.mutate(token.id)} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
