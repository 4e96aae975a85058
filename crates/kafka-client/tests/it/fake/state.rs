//! What the cluster holds, and its answers to requests.

use std::collections::{BTreeMap, VecDeque};

use base::Offset;
use bytes::Bytes;
use kafka_wire::protocol::messages::fetch::{
    AbortedTransaction, FetchPartition, FetchPartitionResponse, FetchRequest, FetchResponse, FetchTopicResponse,
};
use kafka_wire::protocol::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};
use kafka_wire::protocol::messages::init_producer_id::InitProducerIdResponse;
use kafka_wire::protocol::messages::list_offsets::{
    EARLIEST, LATEST, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use kafka_wire::protocol::messages::metadata::{
    MetadataBroker, MetadataPartition, MetadataRequest, MetadataResponse, MetadataTopic,
};
use kafka_wire::protocol::messages::offset_commit::{
    OffsetCommitPartitionResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetCommitTopicResponse,
};
use kafka_wire::protocol::messages::offset_fetch::{
    OffsetFetchGroupResponse, OffsetFetchPartitionResponse, OffsetFetchRequest, OffsetFetchResponse,
    OffsetFetchTopicResponse,
};
use kafka_wire::protocol::messages::produce::{
    ProducePartition, ProducePartitionResponse, ProduceRequest, ProduceResponse, ProduceTopicResponse,
};
use kafka_wire::protocol::{ApiKey, ErrorCode, TopicId};
use kafka_wire::records::BatchHeader;

/// What a broker does with a request instead of answering it.
pub(crate) enum Deed {
    Answer,
    Close,
    /// Half of the answer, then the end.
    Half,
    /// Does what is asked and says nothing.
    Mute,
    /// Does what is asked and answers with these bytes.
    Garble(Vec<u8>),
    /// Reads nothing any more.
    Freeze,
    /// These bytes instead of the answer.
    Bytes(Vec<u8>),
    Silence,
}

type Script = Box<dyn FnMut(i32, ApiKey) -> Deed + Send>;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) ports: BTreeMap<i32, u16>,
    pub(crate) topics: BTreeMap<String, Topic>,
    pub(crate) script: Option<Script>,
    /// The highest version of a request that is announced.
    pub(crate) version_max: BTreeMap<i16, i16>,
    /// Versions that were used.
    pub(crate) seen: Vec<(i32, ApiKey, i16)>,
    pub(crate) committed: BTreeMap<(String, String, i32), i64>,
    pub(crate) coordinator: i32,
    /// How many identities were given to producers.
    pub(crate) identities: i64,
    /// How many answers will say that no topic is known.
    pub(crate) forgets: u32,
    /// Error codes for the next batches, instead of looking at them.
    pub(crate) refusals: VecDeque<ErrorCode>,
}

#[derive(Default)]
pub(crate) struct Topic {
    pub(crate) id: TopicId,
    pub(crate) partitions: Vec<Partition>,
}

#[derive(Default)]
pub(crate) struct Partition {
    pub(crate) leader: i32,
    pub(crate) epoch: i32,
    pub(crate) start: i64,
    pub(crate) log: Vec<Bytes>,
    pub(crate) aborted: Vec<AbortedTransaction>,
    /// What every fetch is answered with.
    pub(crate) refusal: Option<ErrorCode>,
    /// What every batch is answered with, instead of looking at it.
    pub(crate) produce_refusal: Option<ErrorCode>,
    /// The epoch and the next sequence number per producer.
    pub(crate) sequences: BTreeMap<i64, (i16, i32)>,
}

impl Partition {
    pub(crate) fn end(&self) -> i64 {
        self.log.last().map_or(self.start, |batch| BatchHeader::parse(batch).unwrap().next_offset().0)
    }
}

impl State {
    pub(super) fn metadata(&mut self, request: &MetadataRequest) -> MetadataResponse {
        let forgets = self.forgets > 0;
        self.forgets = self.forgets.saturating_sub(1);
        let brokers = (self.ports.iter())
            .map(|(node, port)| MetadataBroker {
                node_id: *node,
                host: "127.0.0.1".to_owned(),
                port: i32::from(*port),
                rack: None,
            })
            .collect();
        let topics = (request.topics.iter().flatten())
            .map(|asked| {
                let name = asked.name.clone().unwrap();
                let Some(topic) = self.topics.get(&name).filter(|_| !forgets) else {
                    let error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
                    return MetadataTopic { error_code, name: Some(name), ..MetadataTopic::default() };
                };
                let partitions = (topic.partitions.iter().enumerate())
                    .map(|(index, partition)| MetadataPartition {
                        partition_index: index as i32,
                        leader_id: partition.leader,
                        leader_epoch: partition.epoch,
                        ..MetadataPartition::default()
                    })
                    .collect();
                MetadataTopic { name: Some(name), topic_id: topic.id, partitions, ..MetadataTopic::default() }
            })
            .collect();
        MetadataResponse { brokers, topics, cluster_id: Some("fake".to_owned()), ..MetadataResponse::default() }
    }

    pub(super) fn list_offsets(&self, node: i32, request: &ListOffsetsRequest) -> ListOffsetsResponse {
        let topics = (request.topics.iter())
            .map(|topic| ListOffsetsTopicResponse {
                name: topic.name.clone(),
                partitions: (topic.partitions.iter())
                    .map(|asked| {
                        let partition = &self.topics[&topic.name].partitions[asked.partition_index as usize];
                        let offset = match asked.timestamp {
                            EARLIEST => partition.start,
                            LATEST => partition.end(),
                            // All records of the fake have the timestamp 7.
                            time if time <= 7 => partition.start,
                            _ => -1,
                        };
                        let leads = partition.leader == node;
                        let error_code = if leads { ErrorCode::NONE } else { ErrorCode::NOT_LEADER_OR_FOLLOWER };
                        ListOffsetsPartitionResponse {
                            partition_index: asked.partition_index,
                            error_code,
                            timestamp: -1,
                            offset,
                            leader_epoch: partition.epoch,
                        }
                    })
                    .collect(),
            })
            .collect();
        ListOffsetsResponse { topics, ..ListOffsetsResponse::default() }
    }

    pub(super) fn find_coordinator(&self, request: &FindCoordinatorRequest) -> FindCoordinatorResponse {
        let coordinators = (request.keys.iter())
            .map(|key| Coordinator {
                key: key.clone(),
                node_id: self.coordinator,
                host: "127.0.0.1".to_owned(),
                port: i32::from(self.ports[&self.coordinator]),
                ..Coordinator::default()
            })
            .collect();
        FindCoordinatorResponse { coordinators, ..FindCoordinatorResponse::default() }
    }

    pub(super) fn commit(&mut self, node: i32, request: OffsetCommitRequest) -> OffsetCommitResponse {
        assert_eq!((request.generation_id_or_member_epoch, request.member_id.as_str()), (-1, ""));
        let error_code = if node == self.coordinator { ErrorCode::NONE } else { ErrorCode::NOT_COORDINATOR };
        let mut topics = Vec::new();
        for topic in request.topics {
            let mut partitions = Vec::new();
            for partition in topic.partitions {
                let partition_index = partition.partition_index;
                if error_code.is_ok() {
                    let key = (request.group_id.clone(), topic.name.clone(), partition_index);
                    self.committed.insert(key, partition.committed_offset);
                }
                partitions.push(OffsetCommitPartitionResponse { partition_index, error_code });
            }
            topics.push(OffsetCommitTopicResponse { name: topic.name, partitions });
        }
        OffsetCommitResponse { throttle_time_ms: 0, topics }
    }

    pub(super) fn committed(&self, node: i32, request: OffsetFetchRequest) -> OffsetFetchResponse {
        let group = request.groups.into_iter().next().unwrap();
        let error_code = if node == self.coordinator { ErrorCode::NONE } else { ErrorCode::NOT_COORDINATOR };
        let topics = (group.topics.unwrap().into_iter())
            .map(|topic| OffsetFetchTopicResponse {
                partitions: (topic.partition_indexes.iter())
                    .map(|index| OffsetFetchPartitionResponse {
                        partition_index: *index,
                        committed_offset: (self.committed)
                            .get(&(group.group_id.clone(), topic.name.clone(), *index))
                            .copied()
                            .unwrap_or(-1),
                        ..OffsetFetchPartitionResponse::default()
                    })
                    .collect(),
                name: topic.name,
            })
            .collect();
        let groups = vec![OffsetFetchGroupResponse { group_id: group.group_id, topics, error_code }];
        OffsetFetchResponse { throttle_time_ms: 0, groups }
    }

    pub(super) fn identity(&mut self) -> InitProducerIdResponse {
        self.identities += 1;
        InitProducerIdResponse { producer_id: self.identities, producer_epoch: 0, ..InitProducerIdResponse::default() }
    }

    pub(super) fn produce(&mut self, node: i32, request: ProduceRequest) -> ProduceResponse {
        assert_eq!(request.acks, -1);
        let mut topics = Vec::new();
        for topic in request.topics {
            let mut partitions = Vec::new();
            for asked in topic.partitions {
                let partition = &mut self.topics.get_mut(&topic.name).unwrap().partitions[asked.index as usize];
                let refusal = self.refusals.pop_front().filter(|code| !code.is_ok());
                partitions.push(partition.produce(node, asked, refusal.or(partition.produce_refusal)));
            }
            topics.push(ProduceTopicResponse { name: topic.name, partitions });
        }
        ProduceResponse { topics, ..ProduceResponse::default() }
    }

    /// The response, and whether there is a reason not to wait.
    pub(super) fn fetch(&self, node: i32, request: &FetchRequest, version: i16) -> (FetchResponse, bool) {
        let mut left = request.max_bytes as usize;
        let mut something = false;
        let mut topics = Vec::new();
        for asked in &request.topics {
            let by_id = version >= 13;
            let found = self
                .topics
                .iter()
                .find(|(name, topic)| if by_id { topic.id == asked.topic_id } else { **name == asked.name });
            let mut partitions = Vec::new();
            for asked in &asked.partitions {
                let partition = found.and_then(|(_, topic)| topic.partitions.get(asked.partition as usize));
                let response = match partition {
                    None => refused(asked, ErrorCode::UNKNOWN_TOPIC_ID),
                    Some(partition) => partition.fetch(node, asked, &mut left, !something),
                };
                something |= !response.error_code.is_ok() || response.records.as_ref().is_some_and(|r| !r.is_empty());
                partitions.push(response);
            }
            topics.push(FetchTopicResponse { name: asked.name.clone(), topic_id: asked.topic_id, partitions });
        }
        (FetchResponse { topics, ..FetchResponse::default() }, something)
    }
}

fn refused(asked: &FetchPartition, error_code: ErrorCode) -> FetchPartitionResponse {
    FetchPartitionResponse { partition_index: asked.partition, error_code, ..FetchPartitionResponse::default() }
}

impl Partition {
    /// Appends as Kafka does: a producer's batches in the order of their sequence, repeated ones once.
    fn produce(&mut self, node: i32, asked: ProducePartition, refusal: Option<ErrorCode>) -> ProducePartitionResponse {
        let mut batch = asked.records.unwrap().to_vec();
        let header = BatchHeader::parse(&batch).unwrap();
        header.verify(&batch).unwrap();
        let (epoch, next) = self.sequences.get(&header.producer_id).copied().unwrap_or((header.producer_epoch, 0));
        let next = if header.producer_epoch > epoch { 0 } else { next };
        let error_code = match refusal {
            Some(code) => code,
            None if self.leader != node => ErrorCode::NOT_LEADER_OR_FOLLOWER,
            None if header.producer_epoch < epoch => ErrorCode::INVALID_PRODUCER_EPOCH,
            None if header.base_sequence < next => ErrorCode::DUPLICATE_SEQUENCE_NUMBER,
            None if header.base_sequence > next => ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
            None => ErrorCode::NONE,
        };
        let base_offset = self.end();
        if error_code.is_ok() {
            self.sequences.insert(header.producer_id, (header.producer_epoch, next + header.record_count));
            BatchHeader::place(batch.first_chunk_mut().unwrap(), Offset(base_offset), self.epoch);
            self.log.push(Bytes::from(batch));
        }
        ProducePartitionResponse {
            index: asked.index,
            error_code,
            base_offset: if error_code.is_ok() { base_offset } else { -1 },
            ..ProducePartitionResponse::default()
        }
    }

    fn fetch(&self, node: i32, asked: &FetchPartition, left: &mut usize, first: bool) -> FetchPartitionResponse {
        if self.leader != node {
            return refused(asked, ErrorCode::NOT_LEADER_OR_FOLLOWER);
        }
        if let Some(code) = self.refusal {
            return refused(asked, code);
        }
        if asked.current_leader_epoch != -1 && asked.current_leader_epoch < self.epoch {
            return refused(asked, ErrorCode::FENCED_LEADER_EPOCH);
        }
        if asked.fetch_offset < self.start || asked.fetch_offset > self.end() {
            return refused(asked, ErrorCode::OFFSET_OUT_OF_RANGE);
        }
        let mut records = Vec::new();
        let most = (*left).min(asked.partition_max_bytes as usize);
        for batch in &self.log {
            if BatchHeader::parse(batch).unwrap().next_offset().0 > asked.fetch_offset {
                records.extend_from_slice(batch);
                // The first batch of a response arrives whole, whatever the limits are (KIP-74).
                let whole = if first { batch.len() } else { 0 };
                if records.len() >= most {
                    records.truncate(most.max(whole));
                    break;
                }
            }
        }
        *left -= records.len().min(*left);
        FetchPartitionResponse {
            partition_index: asked.partition,
            high_watermark: self.end(),
            last_stable_offset: self.end(),
            aborted_transactions: Some(self.aborted.clone()),
            records: Some(Bytes::from(records)),
            ..FetchPartitionResponse::default()
        }
    }
}
