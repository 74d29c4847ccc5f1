//! Which element of which resource each row of the tables writes, through all the data types in between.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::tables::TABLES;
use crate::tables::plan::{Body, Map, Node, Row};
use crate::tables::resources::RESOURCES;

/// Data types stand in each other no deeper than this.
const DEPTH_MAX: usize = 6;

/// The way from a resource to a row that writes into it.
#[derive(Debug)]
pub(super) struct Way {
    /// The element, such as `Patient.identifier.value`.
    pub(super) path: String,
    /// The row of the segment's table.
    pub(super) outer: u32,
    /// The row that writes the element.
    pub(super) row: &'static Row,
}

impl Way {
    /// Gives the segment whose table it begins in.
    pub(super) fn segment(&self) -> &'static str {
        let row = usize::try_from(self.outer)
            .ok()
            .and_then(|row| TABLES.rows.get(row));
        let file = row.and_then(|row| row.file.rsplit('/').next());
        file.and_then(|file| file.split('.').next())
            .unwrap_or_default()
    }
}

/// All ways, by the elements that they lead to.
static WAYS: LazyLock<Vec<Way>> = LazyLock::new(|| {
    let mut ways = Vec::new();
    let mut tables: Vec<_> = RESOURCES.iter().map(|row| row.table).collect();
    tables.sort_unstable();
    tables.dedup();
    for table in tables {
        let resource = table.split('-').next().unwrap_or(table);
        walk(TABLES.resource(table), resource, None, 0, &mut ways);
    }
    ways.sort_by(|a, b| a.path.cmp(&b.path));
    ways
});

/// The first way of each pair of rows.
static PATHS: LazyLock<BTreeMap<(u32, u32), usize>> = LazyLock::new(|| {
    let mut paths = BTreeMap::new();
    for (index, way) in WAYS.iter().enumerate() {
        paths.entry((way.outer, way.row.id)).or_insert(index);
    }
    paths
});

/// Names the element that a row writes, when a row of a segment's table led to it.
pub(crate) fn path(outer: u32, row: u32) -> Option<String> {
    let way = WAYS.get(*PATHS.get(&(outer, row))?)?;
    Some(way.path.clone())
}

/// Gives the ways to an element; to the nearest around it where a function writes all of that.
pub(super) fn ways_to(element: &str) -> &'static [Way] {
    let mut element = element;
    loop {
        let start = WAYS.partition_point(|way| &*way.path < element);
        let end = WAYS.partition_point(|way| &*way.path <= element);
        match WAYS.get(start..end) {
            Some(found) if !found.is_empty() => return found,
            _ => {}
        }
        match element.rsplit_once('.') {
            Some((around, _)) => element = around,
            None => return &[],
        }
    }
}

fn walk(nodes: &'static [Node], at: &str, outer: Option<u32>, depth: usize, ways: &mut Vec<Way>) {
    for node in nodes {
        let path = match node.name {
            "*" => at.to_owned(),
            name => format!("{at}.{name}"),
        };
        body(&node.body, &path, outer, depth, ways);
    }
}

fn body(held: &'static Body, path: &str, outer: Option<u32>, depth: usize, ways: &mut Vec<Way>) {
    match held {
        Body::Object(nodes) => walk(nodes, path, outer, depth, ways),
        Body::Array(items) => {
            for item in items {
                body(&item.body, path, outer, depth, ways);
            }
        }
        Body::Leaf(rows) => {
            for row in rows {
                let outer = outer.unwrap_or(row.id);
                ways.push(Way {
                    path: path.to_owned(),
                    outer,
                    row,
                });
                let inside = match row.map {
                    _ if depth == DEPTH_MAX => None,
                    Map::Table(table) => Some((table, path)),
                    Map::Reference {
                        table, resource, ..
                    } => Some((table, resource)),
                    _ => None,
                };
                if let Some((table, path)) = inside {
                    walk(TABLES.data_type(table), path, Some(outer), depth + 1, ways);
                }
            }
        }
    }
}
