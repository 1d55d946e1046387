/** The frame of every page: rail, bar, page, dock. */
import { MantineProvider } from "@mantine/core";
import { Outlet } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useKey } from "../api/client";
import { useHealth, useModels } from "../api/queries";
import { Dock } from "../dock/Dock";
import { mantine } from "../theme";
import { useAddress, usePage, usePageStore } from "../state/page";
import { useTheme } from "../state/theme";
import { ICONS, Mark } from "./icons";
import { PageLink } from "./PageLink";
import { PAGES } from "./pages";
import { SignIn } from "./SignIn";
import { TopBar } from "./TopBar";

export function Shell() {
  useAddress();
  const theme = useTheme();
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  return (
    <MantineProvider theme={mantine} forceColorScheme={theme}>
      <Frame />
    </MantineProvider>
  );
}

function Frame() {
  const { data: models } = useModels();
  const refused = useKey((key) => key.refused);
  const { query } = usePage();
  if (refused) return <SignIn ended={models !== undefined} />;
  const embedded = query.embed === "1";
  const classes = ["shell", embedded && "embedded", query.panel && "lone", query.dock === "1" && "docked"];
  return (
    <div className={classes.filter(Boolean).join(" ")}>
      {!embedded && (
        <>
          <a className="skip" href="#page">
            Skip to the page
          </a>
          <Rail />
          <TopBar />
        </>
      )}
      <div id="page" className="page" tabIndex={-1}>
        <Outlet />
      </div>
      {!embedded && <Dock />}
    </div>
  );
}

function Rail() {
  const { data } = useHealth();
  const path = usePageStore((page) => page.path);
  const rail = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a narrow screen the rail is a row that may be longer than the screen is wide.
    rail.current?.querySelector("[aria-current]")?.scrollIntoView?.({ inline: "center", block: "nearest" });
  }, [path]);
  return (
    <nav className="rail" aria-label="Pages" ref={rail}>
      <span className="mark" title={data ? `NeuronScope ${data.version}` : "NeuronScope"}>
        <Mark />
      </span>
      {PAGES.map((page) => {
        const Icon = ICONS[page.path];
        return (
          <PageLink
            key={page.path}
            to={page.path}
            className={page.path === path ? "rail-link active" : "rail-link"}
            current={page.path === path}
            title={page.about}
          >
            <Icon />
            <span>{page.name}</span>
          </PageLink>
        );
      })}
    </nav>
  );
}
