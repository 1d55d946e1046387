/** Who may ask, what was done, what is watched, what is held: a page for admins. */
import { Tabs } from "@mantine/core";
import type { FunctionComponent } from "react";
import { useMe } from "../home/live";
import { PageLink } from "../shell/PageLink";
import { Complaint, Empty } from "../shell/Panel";
import { usePage } from "../state/page";
import "../styles/home.css";
import "../styles/admin.css";
import { AlertHistory } from "./AlertHistory";
import { Audit } from "./Audit";
import { Memory } from "./Memory";
import { MonitorList } from "./MonitorList";
import { Sessions } from "./Sessions";
import { Tokens } from "./Tokens";

const TABS: Readonly<Record<string, { name: string; Shown: FunctionComponent }>> = {
  tokens: { name: "Tokens", Shown: Tokens },
  sessions: { name: "Sessions", Shown: Sessions },
  audit: { name: "Audit", Shown: Audit },
  monitors: { name: "Monitors", Shown: MonitorList },
  alerts: { name: "Alert history", Shown: AlertHistory },
  memory: { name: "Memory", Shown: Memory },
};

export default function Admin() {
  const { data: me, error } = useMe();
  return (
    <main className="admin">
      <h1 className="hidden">Admin</h1>
      {error && <Complaint>{error.message}</Complaint>}
      {!me && !error && <div className="skeleton" style={{ height: 320 }} />}
      {me && (me.role === "admin" ? <AdminTabs /> : <NotForYou name={me.name} role={me.role} />)}
    </main>
  );
}

function AdminTabs() {
  const { query, set } = usePage();
  const tab = query.tab && TABS[query.tab] ? query.tab : "tokens";
  return (
    <Tabs
      value={tab}
      onChange={(name) => set({ tab: name === "tokens" ? null : name, rule: null }, { push: true })}
      keepMounted={false}
    >
      <Tabs.List aria-label="Admin">
        {Object.entries(TABS).map(([key, { name }]) => (
          <Tabs.Tab key={key} value={key}>
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {Object.entries(TABS).map(([key, { Shown }]) => (
        <Tabs.Panel key={key} value={key}>
          <Shown />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

const MAY: Readonly<Record<string, string>> = {
  viewer: "You can read every result and alert.",
  analyst: "You can ask questions, check the rules and acknowledge alerts.",
};

/** What somebody else sees, and what they may do instead. */
function NotForYou({ name, role }: { name: string; role: string }) {
  return (
    <Empty
      button={
        <PageLink to="/" className="button-link">
          Go to Home
        </PageLink>
      }
    >
      This page is for admins, and {name} is {role === "analyst" ? "an" : "a"} {role}. {MAY[role]} For more,
      ask whoever started the server for another token.
    </Empty>
  );
}
