//! The steps behind commands that are a group: each has its own command in the table.

/// The steps of a containment action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainAct {
    List,
    Propose,
    Authorise,
    Done,
    Failed,
    Override,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RosterAct {
    Who,
    Set,
    Absent,
    Hours,
}

/// What Governance does by command beside the brief's buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GovernanceAct {
    Thresholds,
    Ask,
    Decide,
    Contacts,
    Hold,
    Release,
}

/// Speaking to those who are not on the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommsAct {
    Request,
    Decide,
}

/// What a case gathers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseAct {
    Note,
    Link,
    Split,
}

/// What those do who audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditAct {
    Search,
    Verify,
}
