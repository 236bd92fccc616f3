"""What each verb returns: frozen models, whose fields are the JSON contract. Each loads when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.reports.areas import AreaList as AreaList
    from kb.reports.areas import Classification as Classification
    from kb.reports.areas import DescribedArea as DescribedArea
    from kb.reports.areas import Filed as Filed
    from kb.reports.areas import Move as Move
    from kb.reports.areas import Reclassification as Reclassification
    from kb.reports.care import AreaCount as AreaCount
    from kb.reports.care import BackedUp as BackedUp
    from kb.reports.care import Diagnosis as Diagnosis
    from kb.reports.care import Finding as Finding
    from kb.reports.care import Rebuilt as Rebuilt
    from kb.reports.care import Restored as Restored
    from kb.reports.care import Saved as Saved
    from kb.reports.care import Status as Status
    from kb.reports.comparison import ComparedNote as ComparedNote
    from kb.reports.comparison import Duplicates as Duplicates
    from kb.reports.comparison import NoteGroup as NoteGroup
    from kb.reports.comparison import PassageGroup as PassageGroup
    from kb.reports.comparison import Related as Related
    from kb.reports.comparison import RelatedNotes as RelatedNotes
    from kb.reports.concepts import ConceptList as ConceptList
    from kb.reports.concepts import DescribedConcept as DescribedConcept
    from kb.reports.evaluation import Evaluation as Evaluation
    from kb.reports.evaluation import Measures as Measures
    from kb.reports.filing import Decision as Decision
    from kb.reports.filing import DecisionLog as DecisionLog
    from kb.reports.filing import Inbox as Inbox
    from kb.reports.filing import InboxNote as InboxNote
    from kb.reports.filing import LinkedNote as LinkedNote
    from kb.reports.filing import MissingLink as MissingLink
    from kb.reports.filing import NoteLinks as NoteLinks
    from kb.reports.filing import Setting as Setting
    from kb.reports.filing import SettingList as SettingList
    from kb.reports.filing import Tag as Tag
    from kb.reports.filing import TagList as TagList
    from kb.reports.filing import Undone as Undone
    from kb.reports.ideas import Idea as Idea
    from kb.reports.ideas import Ideas as Ideas
    from kb.reports.ideas import RipenessParts as RipenessParts
    from kb.reports.map import MapCluster as MapCluster
    from kb.reports.map import MappedNote as MappedNote
    from kb.reports.map import NoteMap as NoteMap
    from kb.reports.model import ListedModel as ListedModel
    from kb.reports.model import ModelChange as ModelChange
    from kb.reports.model import ModelList as ModelList
    from kb.reports.model import Quality as Quality
    from kb.reports.notes import ListedNote as ListedNote
    from kb.reports.notes import NoteDetail as NoteDetail
    from kb.reports.notes import NoteList as NoteList
    from kb.reports.outline import AddedPoint as AddedPoint
    from kb.reports.outline import Address as Address
    from kb.reports.outline import ArrangedSection as ArrangedSection
    from kb.reports.outline import Check as Check
    from kb.reports.outline import CheckedCitation as CheckedCitation
    from kb.reports.outline import CitationState as CitationState
    from kb.reports.outline import CoveredBefore as CoveredBefore
    from kb.reports.outline import Draft as Draft
    from kb.reports.outline import DraftBlock as DraftBlock
    from kb.reports.outline import DraftDetail as DraftDetail
    from kb.reports.outline import DraftList as DraftList
    from kb.reports.outline import DraftSection as DraftSection
    from kb.reports.outline import DraftSections as DraftSections
    from kb.reports.outline import Gap as Gap
    from kb.reports.outline import NoteVersion as NoteVersion
    from kb.reports.outline import OpenQuestion as OpenQuestion
    from kb.reports.outline import Outline as Outline
    from kb.reports.outline import Point as Point
    from kb.reports.outline import PointKind as PointKind
    from kb.reports.outline import Published as Published
    from kb.reports.outline import Quoted as Quoted
    from kb.reports.outline import Rearranged as Rearranged
    from kb.reports.outline import Reference as Reference
    from kb.reports.outline import Repeated as Repeated
    from kb.reports.outline import SavedDraft as SavedDraft
    from kb.reports.outline import Section as Section
    from kb.reports.outline import Summary as Summary
    from kb.reports.outline import Unfinished as Unfinished
    from kb.reports.outline import Update as Update
    from kb.reports.search import ConceptWeight as ConceptWeight
    from kb.reports.search import Explanation as Explanation
    from kb.reports.search import HeldBackNote as HeldBackNote
    from kb.reports.search import Hit as Hit
    from kb.reports.search import LogitParts as LogitParts
    from kb.reports.search import Passage as Passage
    from kb.reports.search import Scores as Scores
    from kb.reports.search import SearchResult as SearchResult
    from kb.reports.search import TermWeight as TermWeight
    from kb.reports.serve import AnsweredSearch as AnsweredSearch
    from kb.reports.serve import Failure as Failure
    from kb.reports.serve import GuideList as GuideList
    from kb.reports.serve import Job as Job
    from kb.reports.serve import Link as Link
    from kb.reports.serve import Rendered as Rendered
    from kb.reports.serve import RenderedDraft as RenderedDraft
    from kb.reports.serve import RenderedGuide as RenderedGuide
    from kb.reports.serve import RenderedNote as RenderedNote
    from kb.reports.serve import Server as Server
    from kb.reports.sync import Added as Added
    from kb.reports.sync import Captured as Captured
    from kb.reports.sync import Fault as Fault
    from kb.reports.sync import Forgotten as Forgotten
    from kb.reports.sync import HeldBack as HeldBack
    from kb.reports.sync import Pulled as Pulled
    from kb.reports.sync import Renamed as Renamed
    from kb.reports.sync import Skipped as Skipped
    from kb.reports.sync import SyncReport as SyncReport
    from kb.reports.sync import TakenAsPost as TakenAsPost

HOMES = {
    "NoteLinks": "filing",
    "MissingLink": "filing",
    "LinkedNote": "filing",
    "TagList": "filing",
    "Tag": "filing",
    "Undone": "filing",
    "DecisionLog": "filing",
    "Decision": "filing",
    "InboxNote": "filing",
    "Inbox": "filing",
    "SettingList": "filing",
    "Setting": "filing",
    "AreaList": "areas",
    "Classification": "areas",
    "DescribedArea": "areas",
    "Filed": "areas",
    "Move": "areas",
    "Reclassification": "areas",
    "AreaCount": "care",
    "BackedUp": "care",
    "Diagnosis": "care",
    "Finding": "care",
    "Rebuilt": "care",
    "Restored": "care",
    "Saved": "care",
    "Status": "care",
    "ComparedNote": "comparison",
    "Duplicates": "comparison",
    "NoteGroup": "comparison",
    "PassageGroup": "comparison",
    "Related": "comparison",
    "RelatedNotes": "comparison",
    "ConceptList": "concepts",
    "DescribedConcept": "concepts",
    "Evaluation": "evaluation",
    "Measures": "evaluation",
    "Idea": "ideas",
    "Ideas": "ideas",
    "RipenessParts": "ideas",
    "MapCluster": "map",
    "MappedNote": "map",
    "NoteMap": "map",
    "ListedModel": "model",
    "ModelChange": "model",
    "ModelList": "model",
    "Quality": "model",
    "ListedNote": "notes",
    "NoteDetail": "notes",
    "NoteList": "notes",
    "AddedPoint": "outline",
    "Address": "outline",
    "ArrangedSection": "outline",
    "Check": "outline",
    "CheckedCitation": "outline",
    "CitationState": "outline",
    "CoveredBefore": "outline",
    "Draft": "outline",
    "DraftBlock": "outline",
    "DraftDetail": "outline",
    "DraftList": "outline",
    "DraftSection": "outline",
    "DraftSections": "outline",
    "Gap": "outline",
    "NoteVersion": "outline",
    "OpenQuestion": "outline",
    "Outline": "outline",
    "Point": "outline",
    "PointKind": "outline",
    "Published": "outline",
    "Quoted": "outline",
    "Rearranged": "outline",
    "Reference": "outline",
    "Repeated": "outline",
    "SavedDraft": "outline",
    "Section": "outline",
    "Summary": "outline",
    "Unfinished": "outline",
    "Update": "outline",
    "ConceptWeight": "search",
    "Explanation": "search",
    "LogitParts": "search",
    "HeldBackNote": "search",
    "Hit": "search",
    "Passage": "search",
    "Scores": "search",
    "SearchResult": "search",
    "TermWeight": "search",
    "AnsweredSearch": "serve",
    "Failure": "serve",
    "GuideList": "serve",
    "Job": "serve",
    "Link": "serve",
    "Rendered": "serve",
    "RenderedDraft": "serve",
    "RenderedGuide": "serve",
    "RenderedNote": "serve",
    "Server": "serve",
    "Added": "sync",
    "Captured": "sync",
    "Fault": "sync",
    "Forgotten": "sync",
    "HeldBack": "sync",
    "Pulled": "sync",
    "Renamed": "sync",
    "Skipped": "sync",
    "SyncReport": "sync",
    "TakenAsPost": "sync",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module 'kb.reports' has no attribute {name!r}")
    return getattr(import_module(f"kb.reports.{HOMES[name]}"), name)
