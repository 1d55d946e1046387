/** Addresses of the pages; the query part stays plain text so that people can read it. */
import { createRootRoute, createRoute, createRouter, redirect } from "@tanstack/react-router";
import { PromptLab } from "./lab/PromptLab";
import { Empty } from "./shell/Panel";
import { Shell } from "./shell/Shell";
import { useAddress } from "./state/useAddress";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/lab" });
  },
});

const lab = createRoute({
  getParentRoute: () => root,
  path: "/lab",
  validateSearch: (search: Record<string, string | undefined>): Record<string, string | undefined> => search,
  component: LabPage,
});

function LabPage() {
  useAddress();
  return <PromptLab />;
}

function NotFound() {
  return (
    <main>
      <Empty button={<a href="/lab">Open the Prompt lab</a>}>There is no page at this address.</Empty>
    </main>
  );
}

export const router = createRouter({
  routeTree: root.addChildren([home, lab]),
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(search as Record<string, string>).toString();
    return text ? `?${text}` : "";
  },
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
