//! DeleteTopics, key 20, versions 1-6. Committed offsets of the topic go with it.

use std::sync::Arc;

use kafka_wire::protocol::ErrorCode;
use kafka_wire::protocol::messages::delete_topics::{
    DeleteTopic, DeleteTopicsRequest, DeleteTopicsResponse, DeletedTopic,
};

use crate::core::Core;
use crate::log::Refused;
use crate::topics::Topic;

pub(super) fn answer(core: &Core, request: DeleteTopicsRequest, _version: i16) -> DeleteTopicsResponse {
    let delete = |topic: DeleteTopic| match delete(core, &topic) {
        Ok(deleted) => {
            DeletedTopic { name: Some(deleted.name.clone()), topic_id: deleted.id, ..DeletedTopic::default() }
        }
        Err(refused) => DeletedTopic {
            name: topic.name,
            topic_id: topic.topic_id,
            error_code: refused.code,
            error_message: Some(refused.why),
        },
    };
    DeleteTopicsResponse { topics: request.topics.into_iter().map(delete).collect(), throttle_time_ms: 0 }
}

fn delete(core: &Core, topic: &DeleteTopic) -> Result<Arc<Topic>, Refused> {
    let name = match (&topic.name, topic.topic_id.is_none()) {
        (Some(name), true) => name.clone(),
        (None, false) => match core.topics.by_id(topic.topic_id) {
            Some(topic) => topic.name.clone(),
            None => return Err(Refused::new(ErrorCode::UNKNOWN_TOPIC_ID, "there is no topic with this id")),
        },
        _ => return Err(Refused::new(ErrorCode::INVALID_REQUEST, "name a topic or give its id, not both")),
    };
    let deleted = core.topics.delete(&name)?;
    core.groups.forget_topic(deleted.id);
    core.syncer.request(core.groups.clone());
    Ok(deleted)
}
