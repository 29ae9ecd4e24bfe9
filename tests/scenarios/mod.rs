//! Stories of the whole program, each told by what members do and see; the stage they stand on is `harness`.

mod harness;

mod alerts;
mod backups;
mod bodies;
mod canary;
mod case;
mod completeness;
mod crash;
mod dismissal;
mod faults;
mod faulty;
mod governance;
mod governing;
mod handoff;
mod investigation;
mod links;
mod looks;
mod mine;
mod model;
mod patterns;
mod playbooks;
mod processes;
mod reach;
mod restart;
mod rights;
mod searching;
mod silence;
mod speaking;
mod stopping;
mod storeless;
mod storm;
mod together;
mod walled;
mod watched;
